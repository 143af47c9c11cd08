// SPDX-License-Identifier: Apache-2.0
/** The dialogue in which a model is chosen: whether it is open, and the files laid into it so far. */

export class Picker {
  open = $state(false);
  model = $state.raw<File | null>(null);
  /** Further files of a model in several, or of the folder that it is in. */
  others = $state.raw<readonly File[]>([]);
  tokenizer = $state.raw<File | null>(null);

  show(): void {
    this.open = true;
  }

  close(): void {
    this.open = false;
    this.choose([]);
    this.tokenizer = null;
  }

  /** Takes files that were dropped: one that is called a tokenizer.bin is taken for it. */
  take(files: Iterable<File>): void {
    const models = [...files].filter((file) => {
      if (!/tok[^/]*\.bin$/i.test(file.name)) return true;
      this.tokenizer = file;
      return false;
    });
    if (models.length > 0) this.choose(models);
    this.open = true;
  }

  /** Takes a model's file, or all of its files, in place of those before. */
  choose(files: readonly File[]): void {
    [this.model = null, ...this.others] = files;
  }
}
