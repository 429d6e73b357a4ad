// SPDX-License-Identifier: Apache-2.0
//
// An access that crosses a page, as the pieces that do not: each is translated and judged by itself, the first
// page first, so a fault names the first byte in the page that faults (traps T32, T33).
#pragma once

#include "model/arch/format.h"
#include "model/arch/types.h"

namespace kilburn::arch {

struct Piece {
  u64 va = 0;      // of its first byte
  u64 length = 0;  // bytes
  u64 offset = 0;  // of its first byte in the access
};

// The pieces of an access of `length` bytes at `va`, in order; addresses wrap at 2^64. For a range-based for.
class Pieces {
 public:
  constexpr Pieces(const FormatInfo& format, u64 va, u64 length)
      : page_(u64{1} << format.page_shift), va_(va), length_(length) {}

  class Iterator {
   public:
    constexpr Iterator(const Pieces& all, u64 offset) : all_(&all), offset_(offset) {}
    constexpr Piece operator*() const { return {all_->va_ + offset_, length(), offset_}; }
    constexpr Iterator& operator++() {
      offset_ += length();
      return *this;
    }
    constexpr bool operator==(const Iterator& other) const { return offset_ == other.offset_; }

   private:
    // Up to the end of the page or of the access.
    constexpr u64 length() const {
      const u64 in_page = all_->page_ - (all_->va_ + offset_) % all_->page_;
      const u64 left = all_->length_ - offset_;
      return in_page < left ? in_page : left;
    }
    const Pieces* all_;
    u64 offset_;
  };

  constexpr Iterator begin() const { return {*this, 0}; }
  constexpr Iterator end() const { return {*this, length_}; }

 private:
  u64 page_;
  u64 va_;
  u64 length_;
};

constexpr bool crosses_page(const FormatInfo& format, u64 va, u64 length) {
  const u64 page = u64{1} << format.page_shift;
  return length != 0 && (length > page || va % page + length > page);
}

}  // namespace kilburn::arch
