// SPDX-License-Identifier: Apache-2.0
//
// The translations that one side of `wild` holds: any number of entries, sectors, pieces of large pages, random
// replacement.
#pragma once

#include <boost/container/static_vector.hpp>
#include <vector>

#include "model/arch/walk.h"
#include "tb/dut/models/wild_config.h"

namespace kilburn::tb::wild {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

// Whose an entry is: the address space, and the controls of its walk if entries are told apart by them.
struct Tag {
  u16 asid = 0;
  u8 controls = 0;

  bool operator==(const Tag&) const = default;
};

// One page as a walk or software gave it.
struct Held {
  arch::Translation translation;
  u32 controls = 0;  // of the walk
  u8 level = 0;      // of the leaf; 0: filled by software
  bool valid = false;
};

class WildTlb {
 public:
  using Matches = boost::container::static_vector<Held, 8>;

  void configure(const WildConfig&, unsigned entries, const arch::FormatInfo& widest, Bug);
  bool empty_by_design() const { return entries_.empty(); }
  unsigned used() const { return used_; }

  // Every page that matches; the first eight.
  void lookup(u64 va, Tag, Matches&) const;
  // Holds `held` for 2^cover bytes around `va`; a cover smaller than the page is a piece of it. Entries that match
  // stay if `several`.
  void fill(u64 va, Tag, const Held& held, unsigned cover, bool several, Random&);
  // A maintenance operation by layout.def Inv; the caller has seen to the sign of the address and to the side.
  void maintain(u8 op, u64 va, u16 asid);
  // The page of `va`, of this address space or global (SDM 4.10.4.1), with all its pieces.
  void drop_address(u64 va, u16 asid);
  void drop_any(Random&);
  // Some entry maps the frame and is dirty (for T49).
  bool dirty_alias(u64 pa) const;

 private:
  struct Entry {
    u64 base = 0;
    Tag tag;
    u8 cover = 0;  // log2 bytes
    bool used = false;
    bool piece = false;
    bool sector = false;
    int next = -1;  // of the same bucket
  };

  std::size_t bucket(u64 base, unsigned cover) const;
  unsigned sub_page(const Entry& e, u64 va) const {
    return e.sector ? static_cast<unsigned>(va >> page_shift_) & ((1U << sector_log2_) - 1) : 0;
  }
  Held& page(std::size_t entry, unsigned sub) { return pages_[(entry << sector_log2_) + sub]; }
  const Held& page(std::size_t entry, unsigned sub) const { return pages_[(entry << sector_log2_) + sub]; }
  bool matches(const Entry& e, const Held& held, Tag tag) const;
  bool some_entry_of(u16 asid) const;
  bool covered(const Entry& e, const Held& held, u64 page_va, u8 op, u64 va, u16 asid) const;
  template <class Which>
  void drop_if(Which&& which);
  template <class Which>
  void drop_at(u64 va, Which&& which);
  template <class Which>
  bool drop_pages(std::size_t entry, Which&& which);
  void unlink(std::size_t entry);
  std::size_t allocate(Random&);

  std::vector<Entry> entries_;
  std::vector<Held> pages_;
  std::vector<int> heads_;
  std::vector<u32> free_;
  unsigned used_ = 0;
  unsigned pieces_ = 0;
  std::array<unsigned, 64> of_cover_{};  // entries in use by cover
  u64 covers_ = 0;                       // those that are not 0
  unsigned sector_log2_ = 0;
  unsigned sector_ = 0;  // log2 bytes of a sector; 0: no sectors
  unsigned page_shift_ = 12;
  u64 va_mask_ = ~u64{0};
  unsigned bucket_shift_ = 63;
  Bug bug_ = Bug::none;
};

}  // namespace kilburn::tb::wild
