// SPDX-License-Identifier: Apache-2.0
/** The tests against a real local network: `npm run test:chain`. */
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** These publish hundreds of models, which every newcomer after them would have to copy: they come last. */
const LAST = ["registry.test.ts", "crowded.test.ts"];
class FullRegistryLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number =>
      LAST.findIndex((name) => moduleId.endsWith(`/${name}`));
    const sorted = await super.sort(files);
    return [...sorted].sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: ["tests/chain/**/*.test.ts"],
    environment: "node",
    globalSetup: ["tests/chain/global-setup.ts"],
    // One network for all, and its services would only take each other's processor time.
    fileParallelism: false,
    sequence: { sequencer: FullRegistryLast },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
