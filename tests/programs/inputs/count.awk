# SPDX-License-Identifier: Apache-2.0
#
# How often each word comes.
{ for (n = 1; n <= NF; ++n) ++count[$n] }
END { for (word in count) if (count[word] > 20) print count[word], word }
