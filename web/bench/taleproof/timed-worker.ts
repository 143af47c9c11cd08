// SPDX-License-Identifier: Apache-2.0
/** The engine's worker, with clocks around the kernels; they have to be there before it starts. */
import "./timed-kernels";
import "../../engine/worker/worker";
