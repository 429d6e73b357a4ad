# SPDX-License-Identifier: Apache-2.0
#
# A sieve in a list, and its primes in a dictionary of strings.
n = 4000
sieve = [True] * n
for p in range(2, n):
    if sieve[p]:
        for multiple in range(p * p, n, p):
            sieve[multiple] = False
print(sum(len(name) for name in {p: str(p) for p in range(2, n) if sieve[p]}.values()))
