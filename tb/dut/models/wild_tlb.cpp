// SPDX-License-Identifier: Apache-2.0
//
// Entries are found by a hash of size and address, so that thousands of them cost no more than one.
#include "tb/dut/models/wild_tlb.h"

#include <bit>

#include "model/arch/layout.h"

namespace kilburn::tb::wild {
namespace {
namespace inv = arch::layout::Inv;
}

void WildTlb::configure(const WildConfig& config, unsigned entries, const arch::FormatInfo& widest, Bug bug) {
  *this = {};
  bug_ = bug;
  page_shift_ = widest.page_shift;
  va_mask_ = (u64{1} << widest.va_bits) - 1;
  sector_log2_ = config.sector_log2;
  sector_ = sector_log2_ != 0 ? page_shift_ + sector_log2_ : 0;
  entries_.resize(entries);
  pages_.resize(std::size_t{entries} << sector_log2_);
  const unsigned bits = std::bit_width(entries | 1U);
  heads_.assign(std::size_t{1} << bits, -1);
  bucket_shift_ = 64 - bits;
  for (unsigned n = entries; n-- > 0;) free_.push_back(n);
}

std::size_t WildTlb::bucket(u64 base, unsigned cover) const {
  return static_cast<std::size_t>(((base >> cover) + cover) * 0x9E37'79B9'7F4A'7C15 >> bucket_shift_);
}

bool WildTlb::some_entry_of(u16 asid) const {
  for (const Entry& e : entries_) {
    if (e.used && e.tag.asid == asid) return true;
  }
  return false;
}

bool WildTlb::matches(const Entry& e, const Held& held, Tag tag) const {
  if (e.tag.controls != tag.controls) return false;
  if (held.translation.global || e.tag.asid == tag.asid || bug_ == Bug::nopcid) return true;
  return bug_ == Bug::cva2943 && some_entry_of(tag.asid);
}

void WildTlb::lookup(u64 va, Tag tag, Matches& found) const {
  va &= va_mask_;
  for (u64 covers = covers_; covers != 0; covers &= covers - 1) {
    const auto cover = static_cast<unsigned>(std::countr_zero(covers));
    const u64 base = va >> cover << cover;
    for (int n = heads_[bucket(base, cover)]; n >= 0; n = entries_[static_cast<std::size_t>(n)].next) {
      const auto index = static_cast<std::size_t>(n);
      const Entry& e = entries_[index];
      if (e.base != base || e.cover != cover) continue;
      const unsigned sub = sub_page(e, va);
      Held held = page(index, sub);
      if (e.sector && (bug_ == Bug::t69 || bug_ == Bug::t69b)) {
        unsigned first = 0;
        while (!page(index, first).valid) ++first;
        const Held& other = page(index, first);
        if (bug_ == Bug::t69) held.translation.rights = other.translation.rights;
        if (bug_ == Bug::t69b && !held.valid) {
          held = other;
          held.translation.pa += (u64{sub} - first) << page_shift_;
        }
      }
      if (!held.valid || !matches(e, held, tag)) continue;
      found.push_back(held);
      if (found.size() == found.capacity()) return;
    }
  }
}

void WildTlb::unlink(std::size_t entry) {
  Entry& e = entries_[entry];
  int* link = &heads_[bucket(e.base, e.cover)];
  while (*link != static_cast<int>(entry)) link = &entries_[static_cast<std::size_t>(*link)].next;
  *link = e.next;
  if (--of_cover_[e.cover] == 0) covers_ &= ~(u64{1} << e.cover);
  if (e.piece) --pieces_;
  --used_;
  e = {};
  for (unsigned sub = 0; sub < 1U << sector_log2_; ++sub) page(entry, sub).valid = false;
  free_.push_back(static_cast<u32>(entry));
}

std::size_t WildTlb::allocate(Random& random) {
  if (free_.empty()) unlink(random.below(entries_.size()));
  const std::size_t entry = free_.back();
  free_.pop_back();
  return entry;
}

void WildTlb::fill(u64 va, Tag tag, const Held& held, unsigned cover, bool several, Random& random) {
  if (entries_.empty()) return;
  va &= va_mask_;
  const bool piece = cover < held.translation.page_log2;
  const bool in_sector = sector_ != 0 && cover == page_shift_ && !piece;
  if (in_sector) cover = sector_;
  if (!several) {
    drop_at(va, [&](const Entry& e, const Held& h, u64) { return matches(e, h, tag); });
  }
  const u64 base = va >> cover << cover;
  const std::size_t place = bucket(base, cover);
  for (int n = heads_[place]; in_sector && n >= 0; n = entries_[static_cast<std::size_t>(n)].next) {
    const auto index = static_cast<std::size_t>(n);
    const Entry& e = entries_[index];
    if (e.sector && e.base == base && e.cover == cover && e.tag == tag) {
      page(index, sub_page(e, va)) = held;
      return;
    }
  }
  const std::size_t index = allocate(random);
  Entry& e = entries_[index];
  e = {base, tag, static_cast<u8>(cover), true, piece, in_sector, heads_[place]};
  heads_[place] = static_cast<int>(index);
  page(index, sub_page(e, va)) = held;
  if (of_cover_[cover]++ == 0) covers_ |= u64{1} << cover;
  if (piece) ++pieces_;
  ++used_;
}

// False: the entry stays.
template <class Which>
bool WildTlb::drop_pages(std::size_t entry, Which&& which) {
  const Entry& e = entries_[entry];
  bool any = false, dropped = false;
  for (unsigned sub = 0; sub < 1U << sector_log2_; ++sub) {
    Held& held = page(entry, sub);
    if (!held.valid) continue;
    if (which(e, held, e.base + (u64{sub} << page_shift_))) {
      held.valid = false;
      dropped = true;
    }
    any |= held.valid;
  }
  if (dropped && !any) unlink(entry);
  return dropped && !any;
}

template <class Which>
void WildTlb::drop_if(Which&& which) {
  for (std::size_t n = 0; n < entries_.size(); ++n) {
    if (entries_[n].used) drop_pages(n, which);
  }
}

// As drop_if() for pages that hold `va`.
template <class Which>
void WildTlb::drop_at(u64 va, Which&& which) {
  for (u64 covers = covers_; covers != 0; covers &= covers - 1) {
    const auto cover = static_cast<unsigned>(std::countr_zero(covers));
    const u64 base = va >> cover << cover;
    for (int n = heads_[bucket(base, cover)]; n >= 0;) {
      const auto index = static_cast<std::size_t>(n);
      n = entries_[index].next;
      const Entry& e = entries_[index];
      if (e.base != base || e.cover != cover) continue;
      drop_pages(index, [&](const Entry& entry, const Held& held, u64 page_va) {
        return (!entry.sector || page_va >> page_shift_ == va >> page_shift_) && which(entry, held, page_va);
      });
    }
  }
}

void WildTlb::drop_address(u64 va, u16 asid) {
  if (used_ == 0) return;
  va &= va_mask_;
  const auto which = [&](const Entry& e, const Held& held, u64 page_va) {
    return (page_va ^ va) >> held.translation.page_log2 == 0 && (held.translation.global || e.tag.asid == asid);
  };
  if (pieces_ != 0) {
    drop_if(which);
  } else {
    drop_at(va, which);
  }
}

// rtl/README.md, TLB maintenance; SDM 4.10.4.1, EV5 5.1.7.
bool WildTlb::covered(const Entry& e, const Held& held, u64 page_va, u8 op, u64 va, u16 asid) const {
  const arch::Translation& t = held.translation;
  const bool own = e.tag.asid == asid;
  switch (op) {
    case inv::ALL:
      return bug_ != Bug::t75 || !t.global;
    case inv::NONGLOBAL:
      return !t.global && (bug_ != Bug::t65 || own);
    case inv::ASID:
      return !t.global && own;
    default:
      break;
  }
  // A piece goes with the whole page that it is of.
  unsigned compared = t.page_log2;
  if (bug_ == Bug::t62 || bug_ == Bug::t93) {
    compared = page_shift_;
    page_va = page_va >> t.page_log2 << t.page_log2;
  }
  if (bug_ == Bug::t62b && e.piece) compared = e.cover;
  if ((page_va ^ va) >> compared != 0) return false;
  if (t.global) {
    if (bug_ == Bug::t63 || (bug_ == Bug::xs1859 && t.page_log2 > page_shift_)) return false;
    return op != inv::PAGE_NONGLOBAL;
  }
  return own && (bug_ != Bug::t67 || e.tag.asid == 0);
}

void WildTlb::maintain(u8 op, u64 va, u16 asid) {
  va &= va_mask_;
  const bool by_page = op >= inv::PAGE;
  bool dropped = false;
  const auto which = [&](const Entry& e, const Held& held, u64 page_va) {
    if (bug_ == Bug::t72 && by_page && dropped) return false;
    const bool drop = covered(e, held, page_va, op, va, asid);
    dropped |= drop;
    return drop;
  };
  if (by_page && pieces_ == 0 && bug_ == Bug::none) {
    drop_at(va, which);
  } else {
    drop_if(which);
  }
}

void WildTlb::drop_any(Random& random) {
  if (entries_.empty()) return;
  const std::size_t n = random.below(entries_.size());
  if (entries_[n].used) unlink(n);
}

bool WildTlb::dirty_alias(u64 pa) const {
  for (const Held& held : pages_) {
    if (held.valid && held.translation.pa == pa && arch::layout::X86Rights::D.test(held.translation.rights)) {
      return true;
    }
  }
  return false;
}

}  // namespace kilburn::tb::wild
