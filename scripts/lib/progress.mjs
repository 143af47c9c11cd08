// SPDX-License-Identifier: Apache-2.0
/**
 * Says how a download gets on.
 *
 * In: bytes done and bytes in all. Out: on a terminal one line that is drawn again and again, with bytes, rate and
 * time left; elsewhere (a log file) one line at the start and one at the end.
 */
const WIDTH = 24;
const REDRAW_MS = 100;

/** A number of bytes as people write it: 98.4 MB. @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * The line for one moment.
 * @param {string} label
 * @param {number} done
 * @param {number} total 0 if not known
 * @param {number} seconds since the download began
 */
export function progressLine(label, done, total, seconds) {
  const rate = seconds > 0 ? done / seconds : 0;
  const speed = rate > 0 ? `, ${megabytes(rate)}/s` : "";
  if (!total) return `  ${label}: ${megabytes(done)}${speed}`;
  const part = Math.min(1, done / total);
  const bar = "#".repeat(Math.round(part * WIDTH)).padEnd(WIDTH, ".");
  const left = rate > 0 && done < total ? `, ${Math.ceil((total - done) / rate)} s left` : "";
  const percent = String(Math.floor(part * 100)).padStart(3);
  return `  ${label} [${bar}] ${percent} %  ${megabytes(done)} of ${megabytes(total)}${speed}${left}`;
}

/** A progress bar for downloads that follow one another. */
export class ProgressBar {
  #label = "";
  #started = 0;
  #drawn = 0;

  constructor(stream = process.stdout) {
    this.stream = stream;
  }

  /** A download begins. @param {string} label @param {number} total 0 if not known */
  begin(label, total) {
    this.end();
    this.#label = label;
    this.#started = Date.now();
    this.#drawn = 0;
    if (!this.stream.isTTY) this.stream.write(`  ${label}${total ? ` (${megabytes(total)})` : ""}\n`);
  }

  /** So much has arrived. @param {number} done @param {number} total */
  update(done, total) {
    const now = Date.now();
    if (!this.stream.isTTY || (now - this.#drawn < REDRAW_MS && done < total)) return;
    this.#drawn = now;
    this.#draw(progressLine(this.#label, done, total, (now - this.#started) / 1000));
  }

  /** The download is over, well or not. */
  end() {
    if (this.#drawn) this.stream.write("\n");
    this.#drawn = 0;
  }

  /** @param {string} line */
  #draw(line) {
    this.stream.write(`\r${line.slice(0, (this.stream.columns ?? 120) - 1)}\u001b[K`);
  }
}
