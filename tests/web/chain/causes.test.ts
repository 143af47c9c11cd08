// SPDX-License-Identifier: Apache-2.0
/** What the chain's client says, as it was heard on a real network -> what the person is told. */
import { describe, expect, it } from "vitest";
import { chainFailure } from "../../../web/chain/wallet/causes";

const RUN =
  "chain client error: Local node operation failed: Worker operation failed: Execution error: Failed to execute Wasm module: ";

describe("chainFailure", () => {
  it.each([
    [
      "Remote node operation failed: Blobs not found: [BlobId { blob_type: ApplicationDescription, hash: aaaa }]",
      "wrong-network",
    ],
    [
      "Remote node operation failed: Blobs not found: [BlobId { blob_type: Data, hash: aaaa }]",
      "blob-missing",
    ],
    [
      `${RUN}RuntimeError: user: Error reported by host function handler: Required execution fees exceeded the total ` +
        "funding available. Fees 0.00000005, available balance: 0. during Operation(0)",
      "no-funds",
    ],
    [
      "Local node operation failed: Worker operation failed: Execution error: Failed to instantiate Wasm module: " +
        "RuntimeError: js: WebAssembly.Instance(): Import #0 is not an object or function",
      "wrong-network",
    ],
    [`${RUN}RuntimeError: unreachable during Operation(0)`, "application-failed"],
    ["transport error: Failed to fetch", "chain-unreachable"],
  ])("%s", (said, code) => {
    const error = chainFailure("chain-unreachable", new Error(said));
    expect(error.code).toBe(code);
    expect(error.details).toEqual({ cause: said });
  });

  it("names what was being done where the words tell nothing", () => {
    expect(chainFailure("faucet-unreachable", "?")).toMatchObject({ code: "faucet-unreachable" });
  });
});
