// SPDX-License-Identifier: Apache-2.0
/** The tests against a real local network: `npm run test:chain`. */
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * These run alone, in this order: the first looks at the registry's newest changes whoever made them, the others publish much,
 * and the last holds the home chain still.
 */
const ALONE = ["publish-page", "registry", "crowded"].map((name) => `tests/chain/${name}.test.ts`);

class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number =>
      ALONE.findIndex((name) => moduleId.endsWith(name));
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => place(a) - place(b));
  }
}

const project = (test: TestProjectInlineConfiguration["test"]): TestProjectInlineConfiguration => ({
  test: {
    ...test,
    environment: "node",
    // Only what hangs takes as long.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});

export default defineConfig({
  test: {
    // One network for all.
    globalSetup: ["tests/chain/global-setup.ts"],
    sequence: { sequencer: InOrder },
    projects: [
      // A page that starts waits for the network half of the time, and another can start then.
      project({
        name: "beside",
        include: ["tests/chain/**/*.test.ts"],
        exclude: ALONE,
        maxWorkers: 2,
        sequence: { groupOrder: 1 },
      }),
      project({ name: "alone", include: ALONE, maxWorkers: 1, sequence: { groupOrder: 2 } }),
    ],
  },
});
