/** The dialogue in which a model is chosen: whether it is open, and the files laid into it so far. */

export class Picker {
  open = $state(false);
  model = $state.raw<File | null>(null);
  tokenizer = $state.raw<File | null>(null);

  show(): void {
    this.open = true;
  }

  close(): void {
    this.open = false;
    this.model = this.tokenizer = null;
  }

  /** Takes files that were dropped or chosen: the one that is called a tokenizer is taken for it. */
  take(files: Iterable<File>): void {
    for (const file of files) {
      if (/tok[^/]*\.bin$/i.test(file.name)) this.tokenizer = file;
      else this.model = file;
    }
    this.open = true;
  }
}
