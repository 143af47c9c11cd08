// SPDX-License-Identifier: Apache-2.0
import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import { rooms } from "./scripts/lib/rooms.mjs";
import svelteConfig from "./svelte.config.js";

/**
 * Rules that need types: a promise that nobody waits for is an error that nobody hears of.
 * @type {import("eslint").Linter.RulesRecord}
 */
const TYPED_RULES = {
  "@typescript-eslint/await-thenable": "error",
  "@typescript-eslint/no-floating-promises": "error",
  "@typescript-eslint/no-misused-promises": "error",
  "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
};

export default ts.config(
  {
    ignores: [
      "node_modules",
      ".venv",
      "dist",
      "build",
      "public",
      "test-results",
      "playwright-report",
      "coverage",
    ],
  },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      parserOptions: {
        project: ["", ".worker", ".tests", ".scripts", ".bench"].map((part) => `./tsconfig${part}.json`),
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".svelte"],
      },
    },
    rules: {
      ...TYPED_RULES,
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-console": "error",
      eqeqeq: "error",
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ["web/**", "tests/web/**", "tests/e2e/**", "scripts/lib/bench/**"],
    languageOptions: { globals: { ...globals.browser, ...globals.worker } },
  },
  {
    files: ["scripts/**", "*.config.js", "*.config.ts", "tests/**"],
    languageOptions: { globals: globals.node },
    rules: { "no-console": "off" },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts", "**/*.svelte.js"],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    // Model text must never become markup.
    rules: { "svelte/no-at-html-tags": "error", "no-undef": "off" },
  },
  { files: ["**/*.ts"], rules: { "no-undef": "off" } },
  // As long as the protocol is.
  { files: ["**/*.gen.ts"], rules: { "max-lines": "off" } },
  ...rooms,
);
