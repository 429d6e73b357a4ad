// SPDX-License-Identifier: Apache-2.0
//
// What the manuals leave open, as settings; their defaults are the manuals' text (SDM 4.10, EV5 5.1, EV6 5.2).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "model/arch/types.h"

namespace kilburn::admissible {

// Which paging-structure-cache entries an operation on one page ends.
enum class PscScope : arch::u8 {
  architecture,  // x86-64: INVLPG all of the address space, INVPCID 0 those of the address; Alpha: none
  context,       // all of the address space, in every format
  prefix,        // those that translate the address
  bulk,          // none: only operations on whole address spaces end them (Alpha's virtual page table)
};

struct Relaxations {
  bool upper_before_lower = false;     // each level is read no later than the one below; off admits physically tagged
                                       // walk caches
  bool leaf_a_on_denial = true;        // SDM 4.8: A of the leaf may be set though the access is refused
  bool fault_self_invalidates = true;  // SDM 4.10.4.1, W5; without effect in the Alpha formats
  bool alpha_fault_self_invalidates = false;
  PscScope psc_scope = PscScope::architecture;
  bool negative_caching = false;  // entries with P = 0 or V = 0 may be cached (RISC-V)
  bool speculative_d = false;     // D may be set without a store (never in x86-64)
  bool smaller_size = true;       // a page may be cached and reported as a piece of it (SDM 4.10.2.3; GH is a hint)
  bool duplicate_fill_ignored = true;  // a fill over a match may be ignored (EV6, T98); off: it always replaces
  bool latched_roots = false;          // a walk may begin, after an invalidation, from a top table latched before it
  bool walker_reads_checked = true;    // W7

  // The cycles within which something must happen (W8), and compare-and-swaps of one walker on one word that may
  // fail in a row.
  arch::u64 response_limit = 100000;
  arch::u64 acknowledge_limit = 100000;
  arch::u64 retry_limit = 1000;
  // Memory of the checker: what it forgets beyond is counted as waived, never as accepted.
  arch::u64 versions_a_word = 1024;
  arch::u64 search_limit = 100000;  // entries looked at for one response
};

// Why a response is legal. Also the words of --strict.
enum class Legality : arch::u8 {
  fresh,     // some moment between request and response
  direct,    // decided from the address
  stale,     // a translation that memory held before the request
  mixed,     // levels that memory never held together
  spurious,  // a refusal from a cached entry
  filled,    // from an entry that software wrote (FILL_I, FILL_D), or the miss that asks for it
  early_a,   // A set in an entry that no waiting request has come to
  waived,    // not judged: the history it needs is gone
  count
};
inline constexpr unsigned kLegalities = static_cast<unsigned>(Legality::count);
std::string_view name(Legality);

// NAME=VALUE as --relax takes it. Throws std::invalid_argument with one sentence.
void relax(Relaxations&, std::string_view setting);
// "NAME=VALUE" of every setting, for help texts.
std::vector<std::string> settings_text(const Relaxations&);

// CLASS[,CLASS] as --strict takes it. Throws std::invalid_argument.
using Forbidden = std::array<bool, kLegalities>;
void forbid(Forbidden&, std::string_view classes);

}  // namespace kilburn::admissible
