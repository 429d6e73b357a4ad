// SPDX-License-Identifier: Apache-2.0
//
// Something for a compiler: a recursion, a table, a switch.
struct peg {
  int discs[16];
  int height;
};

static struct peg pegs[3];
static unsigned long moves;

static int other(int a, int b) {
  switch (a * 3 + b) {
    case 1:
    case 3:
      return 2;
    case 2:
    case 6:
      return 1;
    default:
      return 0;
  }
}

static void move(int height, int from, int to) {
  if (height == 0) return;
  move(height - 1, from, other(from, to));
  pegs[to].discs[pegs[to].height++] = pegs[from].discs[--pegs[from].height];
  ++moves;
  move(height - 1, other(from, to), to);
}

static int sorted(const struct peg* peg) {
  int disc;
  for (disc = 1; disc < peg->height; ++disc) {
    if (peg->discs[disc] >= peg->discs[disc - 1]) return 0;
  }
  return 1;
}

int main(void) {
  int disc;
  for (disc = 16; disc > 0; --disc) pegs[0].discs[pegs[0].height++] = disc;
  move(16, 0, 2);
  return moves == 65535 && pegs[2].height == 16 && sorted(&pegs[2]) ? 0 : 1;
}
