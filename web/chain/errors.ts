// SPDX-License-Identifier: Apache-2.0
/** Errors of the chain's side: a stable code, and a sentence that says what happened and what to do. */

import { EngineError } from "../engine/errors";

const CODES = {
  "network-invalid":
    "This site's description of its chain, network.json, is damaged, so the chain is not asked: ",
  "network-unavailable":
    "This site's description of its chain could not be fetched, so the chain is not asked. ",
  "chain-unsupported":
    "This browser gives the page no shared memory, which the chain's client needs, so the chain is not asked. " +
    "The site may lack the headers that it needs, or the browser is an old one. ",
  "chain-client-failed":
    "The chain's client could not be started. Load the page again; if it happens once more, try another browser. ",
  "faucet-unreachable":
    "The chain's faucet, which hands out chains, could not be reached. Try again later, or go on without the chain. ",
  "chain-unreachable": "The chain could not be reached. Check the connection and ask again. ",
  "chain-slow": "The chain did not answer within 5 seconds. It is still being asked. ",
  "wallet-elsewhere": "Another tab of this site has the wallet open. Close that tab, then ask again here. ",
  "wallet-storage": "This browser does not let the page keep or read the wallet's key. ",
  "wallet-locked":
    "MetaMask is locked, or shows this page no account. Unlock it, let it connect to this page, then ask again. ",
  "wallet-account-changed":
    "MetaMask shows another account than the one that this page has open. Ask again for a chain of that one, " +
    "or choose the first account there once more. ",
  "signature-declined":
    "MetaMask did not sign, so nothing was put on the chain. The page goes on without; ask again to be asked again. ",
  "no-funds":
    "The wallet's chain has nothing left to pay for a block. Forget this wallet and let the faucet give a new chain. ",
  "application-failed":
    "The application on the chain stopped without saying why, and changed nothing: it may be that it does not allow this. ",
  "block-too-large":
    "What other chains sent this wallet, and the registry's news with it, do not fit in one block. Forget this wallet, and " +
    "the faucet gives a new chain. ",
  "registry-refused": "The registry did not answer the question: ",
  "chain-refused": "The application on the chain refused this, and changed nothing: ",
  "record-invalid": "This story's record is not one that can be put on chain: ",
  "receipt-unwritable": "No story can be written from this token's receipt: ",
  "receipt-model-missing":
    "This page has no model of the digest that this token names. If you have the file, choose it here. Wanted is the SHA-256 ",
  "receipt-model-revoked": "The model that wrote this story was withdrawn from the registry: ",
  "receipt-file-differs":
    "That is another file than the one that this token names, so nothing was written. Wanted is the SHA-256 ",
  "digest-missing":
    "Only one of this model's digests is known, and the registry keeps two. Choose the model once more, then publish it. ",
  "several-files":
    "This model is in several files, and the registry knows models in one. Convert it to a GGUF file, then publish that. ",
  "no-account":
    "That is no account. One begins with 0x and has 40 or 64 hexadecimal digits after it; the other person's page shows theirs. ",
  "own-address":
    "This is your own address, and the token is there already. Paste the address of somebody else. ",
  "registry-invalid": "The registry's answer is not one that can be relied on: ",
  "wrong-network": "The chain is not the one that this site names: ",
  "registry-incomplete":
    "The registry's changes have not all arrived on this wallet's chain, so nothing is said of the model. ",
  "chain-not-asked":
    "This model's bytes are on chain, and the chain is not asked. Tick “Ask it for the right digest” in the margin. ",
  "blob-missing":
    "The network does not have all of this file. Ask its publisher, or choose another version. Missing is ",
  "chunk-not-base64": "The chain's answer cannot be read as bytes, so the file was dropped: ",
  "chunk-size": "The registry is wrong about the length of a part of this file, so the file was dropped: ",
  "chunk-digest": "The chain gave other bytes than those that the registry lists, so the file was dropped: ",
} as const;

export type ChainCode = keyof typeof CODES;

export function chainError(code: ChainCode, what = "", cause: unknown = null): EngineError {
  const details = cause === null ? {} : { cause: cause instanceof Error ? cause.message : String(cause) };
  return new EngineError({ code, message: (CODES[code] + what).trimEnd(), details });
}
