// SPDX-License-Identifier: Apache-2.0
/**
 * Which rooms of web/ may know which others. The order is offline, engine < shared < chain < app; inside app it is
 * lib < components < features < pages, and a feature knows no more than the types of another one.
 *
 * An import is told by how it is spelled, so these rules need neither types nor a resolver.
 */

/**
 * @typedef {object} Closed
 * @property {string} regex what the name of a closed module looks like
 * @property {string} message
 * @property {boolean} [allowTypeImports]
 */

const APP = {
  regex: String.raw`^(\.\./)+(app|main)$`,
  message:
    "Only main.ts and App.svelte know how the page is put together; useApp of context.ts gives its parts.",
};

/** @type {[files: string, closed: Closed[]][]} */
const ROOMS = [
  [
    "web/engine/**",
    [
      {
        regex: String.raw`(^|/)(app|bench|chain|shared)(/|$)|^svelte(/|$)|\.svelte$|^@linera/`,
        message: "The engine is a library: it knows neither the page nor the chain.",
      },
    ],
  ],
  [
    "web/offline/**",
    [
      {
        regex: String.raw`(^|/)(app|bench|chain|engine|shared)(/|$)|^svelte(/|$)|\.svelte$`,
        message: "The service worker keeps files, and knows nothing of what they do.",
      },
    ],
  ],
  [
    "web/shared/**",
    [{ regex: "(^|/)(app|bench|chain)(/|$)", message: "What is shared knows the engine's types at most." }],
  ],
  [
    "web/chain/**",
    [
      {
        regex: String.raw`(^|/)(app|bench)(/|$)|^svelte(/|$)|\.svelte$`,
        message: "The chain's side knows the engine, and not the page.",
      },
    ],
  ],
  [
    "web/bench/**",
    [{ regex: "(^|/)(app|chain)(/|$)", message: "The benchmark measures the engine, without the page." }],
  ],
  [
    "web/app/lib/**",
    [
      APP,
      {
        regex: String.raw`(^|/)(components|features|pages)/|^(\.\./)+context$`,
        message: "What all of the page uses knows no part of it.",
      },
    ],
  ],
  [
    "web/app/components/**",
    [
      APP,
      { regex: "(^|/)(features|pages)/", message: "A component that features share knows none of them." },
    ],
  ],
  [
    "web/app/features/**",
    [
      APP,
      { regex: "(^|/)pages/", message: "A feature does not know the pages that show it." },
      {
        regex: String.raw`^\.\./(?!\.\.)|(^|/)features/`,
        message: "A feature imports only types of another one; what both need stands in lib or components.",
        allowTypeImports: true,
      },
    ],
  ],
  ["web/app/pages/**", [APP]],
];

/** The name of a module in `import("...")`, which no-restricted-imports does not look at. @param {Closed} closed */
const dynamicImport = ({ regex, message }) => ({
  selector: `ImportExpression[source.value=/${regex.replaceAll("/", "\\/")}/]`,
  message,
});

/**
 * Configurations for eslint, beside which each file needs TypeScript's parser and plugin.
 * @type {{files: string[], rules: import("eslint").Linter.RulesRecord}[]}
 */
export const rooms = ROOMS.map(([files, closed]) => ({
  files: [files],
  rules: {
    "@typescript-eslint/no-restricted-imports": ["error", { patterns: closed }],
    "no-restricted-syntax": ["error", ...closed.map(dynamicImport)],
  },
}));
