/** The tests against a real local network: `npm run test:chain`. */
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The registry's tests publish hundreds of models, which every newcomer after them would have to copy: they come last. */
class RegistryLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLast = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith("registry.test.ts");
    const sorted = await super.sort(files);
    return [...sorted.filter((file) => !isLast(file)), ...sorted.filter(isLast)];
  }
}

export default defineConfig({
  test: {
    include: ["tests/chain/**/*.test.ts"],
    environment: "node",
    globalSetup: ["tests/chain/global-setup.ts"],
    // One network for all, and its services would only take each other's processor time.
    fileParallelism: false,
    sequence: { sequencer: RegistryLast },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
