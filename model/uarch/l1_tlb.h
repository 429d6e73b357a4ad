// SPDX-License-Identifier: Apache-2.0
//
// A fully associative L1 TLB with exact detection of multiple matches (rtl/README.md, "L1 TLB").
#pragma once

#include <array>
#include <bit>
#include <cassert>

#include "model/arch/walk.h"
#include "model/uarch/pins.h"
#include "model/uarch/replacement.h"
#include "model/uarch/tlb_key.h"

namespace kilburn::uarch {

// Most lookups repeat one that hit. Such a hit is found without a scan: a hint by page number says which
// entry, and the entry remembers the access that it granted last (see remembered()).
template <arch::Format F>
class L1Tlb {
 public:
  static constexpr int kNone = -1;
  static constexpr int kMulti = -2;

  L1Tlb(unsigned entries, Policy policy) : entries_(entries), replacement_(entries, policy) { reset(); }

  void reset() {
    replacement_.reset();
    valid_ = 0;
    overlaps_.fill(0);
    hint_.fill(0);
    for (unsigned index = 0; index < kMaxEntries; ++index) clear(index);
  }

  // The one entry that matches, kNone, or kMulti.
  int lookup(u64 va, u64 asid) {
    const u64 found = scan(Key::key(va, asid));
    if (found == 0) return kNone;
    if ((found & (found - 1)) != 0) return kMulti;
    const int index = std::countr_zero(found);
    hint_[hint_of(va)] = static_cast<u8>(index);
    return index;
  }

  // What of a request, its address apart, decides whether it hits, as words that are opaque here: controls and
  // ASID, the rights of the protection keys, and the request's own pins, which are never 0.
  struct Access {
    u64 context = 0;
    u64 keys = 0;
    u64 pins = 0;
    bool write = false;
  };

  // The entry that remember() was last told of for this page and access, if that still holds; else kNone,
  // which says nothing. The address is compared with its sign, so a match also has the right sign.
  int remembered(u64 va, const Access& access) const {
    const unsigned index = hint_[hint_of(va)];
    const Line& line = line_[index];
    const Access& granted = line.granted[access.write];
    // One branch for all of it: most comparisons succeed.
    const u64 differs = ((va ^ line.va) & line.page) | (granted.context ^ access.context) |
                        (granted.keys ^ access.keys) | (granted.pins ^ access.pins);
    return differs == 0 ? static_cast<int>(index) : kNone;
  }

  // `index` is the one match of this access and grants it. Another entry can come to match the same page
  // only if the two overlap, and overlapping entries remember nothing: an overlap is forever re-scanned.
  void remember(int index, const Access& access) {
    if (overlaps_[at(index)] != 0) return;
    line_[at(index)].granted[access.write] = access;
  }

  // Entries that match, one bit each.
  u64 matching(u64 va, u64 asid) const { return scan(Key::key(va, asid)); }

  u16 rights(int index) const { return rights_[at(index)]; }

  // The response to a hit of this entry, but for its id.
  void respond(int index, u64 va, ReqOut& response) const {
    const Line& line = line_[at(index)];
    response = line.response;
    response.rsp_pa = line.response.rsp_pa | (va & ~line.page);
  }

  void touch(int index) { replacement_.touch(static_cast<unsigned>(index)); }
  unsigned victim() const { return replacement_.victim(); }
  const Replacement& replacement() const { return replacement_; }

  // Writes a translation; `victim` is the replacement's choice before this cycle's touches.
  void fill(u64 va, u64 asid, const arch::Translation& t, unsigned victim) {
    const u64 same = matching(va, asid);
    const u64 free = ~valid_ & all();
    const u64 choice = same != 0 ? same : free;
    const unsigned index = choice != 0 ? static_cast<unsigned>(std::countr_zero(choice)) : victim;
    if (choice == 0) replacement_.victim_taken();
    invalidate(same & ~(u64{1} << index));
    write(index, va, asid, t);
    replacement_.touch(index);
  }

  void invalidate(u64 which) {
    for (u64 rest = which & valid_; rest != 0; rest &= rest - 1) {
      const auto index = static_cast<unsigned>(std::countr_zero(rest));
      unlink(index);
      clear(index);
    }
  }

  template <class Covers>
  void invalidate_if(Covers&& covers) {
    for (u64 rest = valid_; rest != 0; rest &= rest - 1) {
      const auto index = static_cast<unsigned>(std::countr_zero(rest));
      if (covers(entry(index))) invalidate(u64{1} << index);
    }
  }

  unsigned entries() const { return entries_; }
  u64 valid() const { return valid_; }

  TlbEntry entry(unsigned index) const {
    TlbEntry view;
    if (index >= entries_ || (valid_ >> index & 1) == 0) return view;
    const ReqOut& response = line_[index].response;
    view.va = Key::first_byte(tag_[index]);
    view.pa = response.rsp_pa;
    view.asid = Key::asid(tag_[index]);
    view.rights = rights_[index];
    view.valid = 1;
    view.size = response.rsp_size;
    view.global = response.rsp_global;
    view.mt = response.rsp_mt;
    return view;
  }

 private:
  using Key = TlbKey<F>;
  static constexpr unsigned kMaxEntries = Replacement::kMaxEntries;

  // All that a remembered hit needs.
  struct alignas(64) Line {
    u64 va = 0;         // first byte of the page, with its sign
    u64 page = 0;       // mask of the VA bits above the page's offset
    ReqOut response;    // rsp_pa is the frame; req_ready 1, for the port is ready after a hit that
                        // leaves one response queued
    Access granted[2];  // the read (0) and the write (1) that this entry granted last; pins 0: none
  };

  static std::size_t at(int index) { return static_cast<std::size_t>(index); }
  u64 all() const { return ~u64{0} >> (64 - entries_); }
  static std::size_t hint_of(u64 va) {
    const u64 vpn = va >> Key::kInfo.page_shift;
    return (vpn ^ vpn >> 8) % kHints;  // the second term tells large pages apart
  }
  bool matches(unsigned index, u64 key) const { return ((tag_[index] ^ key) & mask_[index]) == 0; }

  u64 scan(u64 key) const {
    u64 found = 0;
    for (unsigned index = 0; index < entries_; ++index) found |= u64{matches(index, key)} << index;
    return found;
  }

  void forget(unsigned index) { line_[index].granted[0] = line_[index].granted[1] = Access{}; }

  void clear(unsigned index) {
    tag_[index] = 0;
    mask_[index] = Key::kValid;
    valid_ &= ~(u64{1} << index);
    forget(index);
  }

  void write(unsigned index, u64 va, u64 asid, const arch::Translation& t) {
    unlink(index);
    const u64 page = ~u64{0} << t.page_log2;
    tag_[index] = Key::key(va & page, asid);
    mask_[index] = Key::mask(t.page_log2, t.global);
    valid_ |= u64{1} << index;
    rights_[index] = t.rights;
    Line& line = line_[index];
    line = Line{};
    line.va = va & page;
    line.page = page;
    line.response.rsp_pa = t.pa;
    line.response.req_ready = 1;
    line.response.rsp_valid = 1;
    line.response.rsp_size = t.page_log2;
    line.response.rsp_mt = t.memory_type;
    line.response.rsp_global = t.global ? 1 : 0;
    link(index);
  }

  // Two entries overlap when some (va, asid) matches both: they agree in the bits that count for both.
  void link(unsigned index) {
    for (u64 rest = valid_ & ~(u64{1} << index); rest != 0; rest &= rest - 1) {
      const auto other = static_cast<unsigned>(std::countr_zero(rest));
      if (((tag_[index] ^ tag_[other]) & mask_[index] & mask_[other]) == 0) {
        overlaps_[index] |= u64{1} << other;
        overlaps_[other] |= u64{1} << index;
        forget(other);
      }
    }
  }
  void unlink(unsigned index) {
    for (u64 rest = overlaps_[index]; rest != 0; rest &= rest - 1) {
      overlaps_[static_cast<unsigned>(std::countr_zero(rest))] &= ~(u64{1} << index);
    }
    overlaps_[index] = 0;
  }

  static constexpr std::size_t kHints = 256;

  unsigned entries_;
  u64 valid_ = 0;
  std::array<u64, kMaxEntries> tag_{};
  std::array<u64, kMaxEntries> mask_{};
  std::array<u64, kMaxEntries> overlaps_{};  // bit j of word i: entries i and j overlap
  std::array<u16, kMaxEntries> rights_{};
  std::array<u8, kHints> hint_{};
  std::array<Line, kMaxEntries> line_{};
  Replacement replacement_;
};

}  // namespace kilburn::uarch
