// SPDX-License-Identifier: Apache-2.0
/**
 * A story's receipt on the wallet's chain: that its record existed when a block was made, and whose account says so.
 *
 * In: the record that the engine gave. Out: its digest, over the same canonical JSON as record/canonical_json.py writes, and the block
 * in which it stands; and all receipts of an account. A record that stands there already is not put there twice.
 */

import * as v from "valibot";
import type { Json, StoryRecord } from "../../engine/protocol";
import { count, digest, object } from "../../shared/json";
import { chainError } from "../errors";
import { act, dataOf, nextOf, page, type Ask } from "../registry/answer";

const Receipt = v.pipe(
  object({
    /** The SHA-256 of the model's file. */
    model: digest,
    /** The record's digest. */
    receipt: digest,
    recorded: object({ height: count(0), timestamp: count(0) }),
  }),
  /** The wallet's own chain has it in this block, which was made so many milliseconds after 1970 began. */
  v.transform(({ model, receipt, recorded: { height, timestamp } }) => ({
    digest: receipt,
    model,
    block: height,
    time: timestamp / 1000,
  })),
);
export type Receipt = v.InferOutput<typeof Receipt>;
const Stories = object({ stories: page(Receipt, count()) });

const RECORD = `mutation($model: Digest!, $receipt: Digest!, $by: AccountOwner) {
  recordStory(model: $model, receipt: $receipt, by: $by)
}`;
const STORIES = `query($owner: AccountOwner!, $after: Int) {
  stories(owner: $owner, after: $after, first: 100) {
    items { model receipt recorded { height timestamp } } next
  }
}`;

/**
 * RFC 8785: keys sorted by UTF-16 code units, no spaces, numbers and texts as ECMAScript writes them. Refused, as there:
 * numbers that are not finite, and half of a character, which is no Unicode.
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "string") return canonicalText(value);
  if (typeof value === "number" && !Number.isFinite(value))
    throw chainError("record-invalid", `${value} is no number of JSON.`);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${canonicalText(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${members.join(",")}}`;
}

function canonicalText(text: string): string {
  if (/\p{Cs}/u.test(text)) throw chainError("record-invalid", "half of a character stands in it.");
  return JSON.stringify(text);
}

/** The SHA-256 of a value's canonical JSON. */
export async function digestOf(value: Json): Promise<string> {
  const bytes = new TextEncoder().encode(canonicalJson(value));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function receiptDigest(record: StoryRecord): Promise<string> {
  return digestOf(record);
}

/** The receipts that the account put on the wallet's chain, the oldest first. */
export async function listReceipts(ask: Ask, owner: string): Promise<Receipt[]> {
  const receipts: Receipt[] = [];
  let after: number | null = null;
  do {
    const { items, next } = dataOf(await ask(STORIES, { owner, after }), Stories).stories;
    receipts.push(...items);
    after = nextOf(next, after, "stories");
  } while (after !== null);
  return receipts;
}

/** The receipt with this digest, where the account put it on the wallet's chain. */
export async function findReceipt(ask: Ask, owner: string, digest: string): Promise<Receipt | null> {
  return (await listReceipts(ask, owner)).find((receipt) => receipt.digest === digest) ?? null;
}

/** @param model the SHA-256 of the model's file. */
export async function putReceipt(ask: Ask, owner: string, model: string, digest: string): Promise<Receipt> {
  const there = await findReceipt(ask, owner, digest);
  if (there) return there;
  await act(ask, RECORD, { model, receipt: digest, by: owner });
  const put = await findReceipt(ask, owner, digest);
  if (!put)
    throw chainError("chain-unreachable", "The receipt was sent, but the chain does not show it yet.");
  return put;
}
