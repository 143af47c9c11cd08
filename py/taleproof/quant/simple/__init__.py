# SPDX-License-Identifier: Apache-2.0
"""Types whose blocks have one scale, or a scale and a minimum."""
