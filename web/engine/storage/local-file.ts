// SPDX-License-Identifier: Apache-2.0
/** A file that the person chose, read piece by piece for the arena; undefined where the browser cannot read it. */
export class LocalFile {
  readonly name: string;
  readonly size: number;

  constructor(private readonly file: File) {
    this.name = file.name;
    this.size = file.size;
  }

  async read(offset: number, bytes: number): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await this.file.slice(offset, offset + bytes).arrayBuffer());
    } catch {
      return undefined; // changed or removed since it was chosen
    }
  }
}
