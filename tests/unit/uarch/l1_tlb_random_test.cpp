// SPDX-License-Identifier: Apache-2.0
//
// The TLB against a plain list of entries that does what rtl/README.md says, word by word: the short ways
// of L1Tlb (tags in one word, hint, remembered access, overlap sets) may not be seen from outside.
#include <random>
#include <vector>

#include "model/uarch/l1_tlb.h"
#include "tests/catch.h"

using namespace kilburn;
using namespace kilburn::uarch;

namespace {

class PlainTlb {
 public:
  PlainTlb(unsigned va_bits, unsigned entries) : va_bits_(va_bits), entry_(entries) {}

  bool matches(unsigned n, u64 va, u64 asid) const {
    const TlbEntry& e = entry_[n];
    if (!e.valid) return false;
    for (unsigned bit = e.size; bit < va_bits_; ++bit) {
      if ((e.va >> bit & 1) != (va >> bit & 1)) return false;
    }
    return e.global || e.asid == asid;
  }
  std::vector<unsigned> matching(u64 va, u64 asid) const {
    std::vector<unsigned> found;
    for (unsigned n = 0; n < entry_.size(); ++n) {
      if (matches(n, va, asid)) found.push_back(n);
    }
    return found;
  }
  // Returns the entry written.
  unsigned fill(u64 va, u64 asid, const arch::Translation& t, unsigned victim) {
    const std::vector<unsigned> same = matching(va, asid);
    unsigned chosen = victim;
    if (!same.empty()) {
      chosen = same.front();
    } else {
      for (unsigned n = static_cast<unsigned>(entry_.size()); n-- > 0;) {
        if (!entry_[n].valid) chosen = n;
      }
    }
    for (unsigned n : same) entry_[n] = TlbEntry{};
    TlbEntry& e = entry_[chosen];
    e.va = va & ((u64{1} << va_bits_) - 1) & ~((u64{1} << t.page_log2) - 1);
    e.pa = t.pa;
    e.asid = static_cast<u16>(asid);
    e.rights = t.rights;
    e.valid = 1;
    e.size = t.page_log2;
    e.global = t.global;
    e.mt = t.memory_type;
    return chosen;
  }
  TlbEntry& entry(unsigned n) { return entry_[n]; }

 private:
  unsigned va_bits_;
  std::vector<TlbEntry> entry_;
};

bool equal(const TlbEntry& a, const TlbEntry& b) {
  return a.va == b.va && a.pa == b.pa && a.asid == b.asid && a.rights == b.rights && a.valid == b.valid &&
         a.size == b.size && a.global == b.global && a.mt == b.mt;
}

// A few pages in two regions of each sign, so that pages of all sizes overlap often.
template <arch::Format F>
void run(unsigned entries, std::vector<unsigned> sizes, unsigned seed) {
  constexpr arch::FormatInfo kInfo = arch::widest_info(F);
  INFO("seed " << seed << ", " << entries << " entries");
  std::mt19937_64 random(seed);
  const auto below = [&](u64 n) { return random() % n; };
  L1Tlb<F> tlb(entries, Policy::tree);
  PlainTlb plain(kInfo.va_bits, entries);
  unsigned hits = 0, multi = 0, remembered = 0;
  for (unsigned step = 0; step < 20000; ++step) {
    u64 va = (below(24) << kInfo.page_shift) | below(2) << (kInfo.page_shift + 9) | below(2) << (kInfo.page_shift + 18);
    if (below(2)) va |= ~u64{0} << (kInfo.va_bits - 1);
    const u64 asid = below(3) + 0x7fe;
    const std::vector<unsigned> expected = plain.matching(va, asid);
    const bool write = below(2) != 0;
    const typename L1Tlb<F>::Access access{asid, step % 4000 < 3000 ? 0 : below(2), u64{1} + write, write};
    switch (below(step % 4000 < 2000 ? 12 : 40)) {
      case 0: {
        arch::Translation t;
        t.page_log2 = static_cast<u8>(sizes[below(sizes.size())]);
        t.pa = below(1u << 16) << t.page_log2 & ((u64{1} << 44) - 1);
        t.global = below(4) == 0;
        t.memory_type = static_cast<u8>(below(8));
        t.rights = static_cast<u16>(below(16));
        const unsigned victim = tlb.victim();
        tlb.fill(va, asid, t, victim);
        plain.fill(va, asid, t, victim);
        break;
      }
      case 1:
        if (below(4) == 0) {
          tlb.invalidate(tlb.matching(va, asid));
          for (const unsigned n : expected) plain.entry(n) = TlbEntry{};
        }
        break;
      case 2:
        if (below(16) == 0) {
          tlb.invalidate_if([&](const TlbEntry& e) { return e.asid == asid; });
          for (unsigned n = 0; n < entries; ++n) {
            if (plain.entry(n).asid == asid) plain.entry(n) = TlbEntry{};
          }
        }
        break;
      default: {
        const int quick = tlb.remembered(va, access);
        const int index = quick >= 0 ? quick : tlb.lookup(va, asid);
        remembered += quick >= 0;
        if (expected.size() == 1) {
          REQUIRE(index == static_cast<int>(expected[0]));
          tlb.remember(index, access);
          tlb.touch(index);
          ReqOut response;
          tlb.respond(index, va, response);
          const TlbEntry& e = plain.entry(expected[0]);
          REQUIRE(response.rsp_pa == e.pa + (va & ((u64{1} << e.size) - 1)));
          REQUIRE(response.rsp_size == e.size);
          REQUIRE(response.rsp_mt == e.mt);
          REQUIRE(response.rsp_global == e.global);
          REQUIRE(tlb.rights(index) == e.rights);
          ++hits;
        } else {
          REQUIRE(index == (expected.empty() ? L1Tlb<F>::kNone : L1Tlb<F>::kMulti));
          multi += !expected.empty();
        }
      }
    }
    bool same = true;
    for (unsigned n = 0; n < entries; ++n) same = same && equal(tlb.entry(n), plain.entry(n));
    REQUIRE(same);
  }
  // The stream has to reach what it is there for.
  CHECK(hits > 300);
  CHECK(remembered > 100);
  if (entries > 2) CHECK(multi > 20);
}

}  // namespace

TEST_CASE("l1_tlb random: x86-64 pages of three sizes, as a plain list") {
  for (unsigned entries : {1u, 2u, 4u, 16u, 64u})
    run<arch::Format::x86_64>(entries, {12, 12, 12, 21, 30}, 100 + entries);
}

TEST_CASE("l1_tlb random: Alpha granularity hints, as a plain list") {
  for (unsigned entries : {4u, 32u}) run<arch::Format::alpha>(entries, {13, 13, 16, 19, 22}, 200 + entries);
  run<arch::Format::alpha_x64>(8, {12, 12, 15, 18, 21}, 308);
}
