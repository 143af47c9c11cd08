// SPDX-License-Identifier: Apache-2.0
/**
 * A story's receipt on the wallet's chain: that its record existed when a block was made, and whose account says so.
 *
 * In: the record that the engine gave. Out: its digest, over the same canonical JSON as record/canonical_json.py writes, and the block
 * in which it stands; and all receipts of an account. A record that stands there already is not put there twice.
 */

import type { Json, StoryRecord } from "../../engine/protocol";
import { Shape } from "../../shared/shape";
import { chainError } from "../errors";
import { act, dataOf, type Ask } from "../registry/registry";

export interface Receipt {
  /** Of the record. */
  digest: string;
  /** The SHA-256 of the model's file. */
  model: string;
  /** The wallet's own chain has it in this block, which was made so many milliseconds after 1970 began. */
  block: number;
  time: number;
}

const RECORD = `mutation($model: Digest!, $receipt: Digest!, $by: AccountOwner) {
  recordStory(model: $model, receipt: $receipt, by: $by)
}`;
const STORIES = `query($owner: AccountOwner!, $after: Int) {
  stories(owner: $owner, after: $after, first: 100) {
    items { model receipt recorded { height timestamp } } next
  }
}`;

const shape = new Shape((where, what) => chainError("registry-invalid", `${where} ${what}.`));

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
    const page = shape.fields(dataOf(await ask(STORIES, { owner, after })).stories, "stories");
    receipts.push(...shape.list(page, "items", "stories").map(readReceipt));
    after = page.next === null ? null : shape.count(page, "next", "stories", (after ?? 0) + 1);
  } while (after !== null);
  return receipts;
}

function readReceipt(item: Json): Receipt {
  const story = shape.fields(item, "a story");
  const recorded = shape.fields(story.recorded, "its block");
  return {
    digest: shape.digest(story, "receipt", "a story"),
    model: shape.digest(story, "model", "a story"),
    block: shape.count(recorded, "height", "its block", 0),
    time: shape.count(recorded, "timestamp", "its block", 0) / 1000,
  };
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
