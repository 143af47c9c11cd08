// SPDX-License-Identifier: Apache-2.0
/** The version of this package: package.json's, and that of the Python package which the engine runs (a test compares). */
export const VERSION = "0.2.0";
