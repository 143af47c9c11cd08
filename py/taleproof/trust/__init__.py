# SPDX-License-Identifier: Apache-2.0
"""What a file is believed to be: digests, what the registry says of them, and the verdict."""
