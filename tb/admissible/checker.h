// SPDX-License-Identifier: Apache-2.0
//
// Judges any MMU by what it was asked and answered: no response is accepted that no history of the page tables
// explains (no escape), none is rejected that some legal MMU could give (no false alarm). Sizes, replacement, prefetch
// and speculation of the MMU are not looked at.
//
// What is observed: writes to memory, and of each MMU the requests, responses, TLB operations and, where offered, the
// accesses of its walkers. Calls for memory (memory_write, walker_swap) come in the order in which memory changed.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tb/admissible/obligations.h"
#include "tb/admissible/recent_walks.h"
#include "tb/admissible/visited_words.h"
#include "tb/admissible/witness.h"

namespace kilburn::admissible {

// Something that no legal MMU does.
struct Rejection {
  std::string rule;  // "W1" to "W8", "attributes", "direct", "strict", or a protocol rule "R2", "R3", "R6"
  u64 cycle = 0;
  unsigned mmu = 0;
  std::string message;                        // one sentence
  std::vector<std::string> details;           // request, translation of now, nearest witnesses, versions: lines
  std::optional<Asked> asked = std::nullopt;  // the request, if it is about one
};

struct CheckerConfig {
  arch::Format format = arch::Format::x86_64;
  arch::Settings settings;
  Relaxations relaxations;
  Forbidden forbidden{};
  // Requests with these ids are a core's speculation: judged like all, but a stale answer is nobody's hazard.
  u16 speculative_ids = 0;
  // Every access of every walker is told. Words that no walker has come to then need no history: pages of data that
  // software writes cost nothing.
  bool walkers_told = false;
};

struct CheckerCounts {
  u64 requests = 0;
  u64 judged = 0;  // responses compared with what is legal
  std::array<u64, kLegalities> by_legality{};
  std::array<u64, 9> stale_by{};  // versions by which the oldest level lagged, 8: more
  u64 searches = 0;               // responses that the translation of now did not explain
  u64 walker_reads = 0, walker_writes = 0;
  u64 walker_unknown = 0;  // walker accesses not judged (waived)
  u64 invalidations = 0;
  u64 rejections = 0;
  u64 versions_given_up = 0;
  std::size_t versions = 0, words = 0;  // held now
};

class Checker {
 public:
  // `memory`: every word as it is now, 8-byte aligned; only read.
  Checker(const CheckerConfig& config, os::PhysMem& memory);
  ~Checker();
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  // One MMU (hart) more on this memory; returns its number. The first is there already, number 0.
  unsigned add_mmu();
  // Every MMU is reset: nothing is cached, nothing under way.
  void reset(const arch::Settings&);

  // Memory, by anyone but the walkers.
  void memory_write(Time, u64 pa, u64 before, u64 after);
  // Whether a write to this word, or some word of this 4 KB piece, need not be told: nobody can have seen what was
  // there.
  bool may_write_untold(u64 pa) const { return quiet_ || (config_.walkers_told && !visited_.any_in_piece(pa)); }

  void request(unsigned mmu, Side, unsigned id, Time, const arch::Request&, const arch::Context&);
  // `taken` by the requester; response.decided is the last moment whose memory it may show.
  void response(unsigned mmu, Side, unsigned id, const Response&, Time taken);
  void operation_accepted(unsigned mmu, Time, u8 op, u64 va, u16 asid, u64 pte);
  void operation_completed(unsigned mmu, Time);
  // At the instant of the access. walker_swap: a compare-and-swap that found `found`.
  void walker_read(unsigned mmu, Time, u64 pa, u64 value);
  void walker_swap(unsigned mmu, unsigned id, Time, u64 pa, u64 expect, u64 desired, u64 found);
  void walker_store(unsigned mmu, Time, u64 pa, u64 before, u64 after);  // of an MMU that does not compare
  void bus_error(unsigned mmu, Time, u64 pa);
  // A rule of the pins is broken (R2: offers that change).
  void protocol(unsigned mmu, Time, const std::string& rule, const std::string& message);

  // Looks for what should have happened (W8). Call now and then.
  void look_for_silence(Time now);
  // The run is over, everything was answered: silence, and a run that judged nothing (rule "judged nothing").
  void finish(Time now);

  const std::vector<Rejection>& rejections() const { return rejections_; }  // the first ones
  bool rejected() const { return counts_.rejections != 0; }
  CheckerCounts counts() const;
  const Obligations& obligations() const { return obligations_; }
  const CheckerConfig& config() const { return config_; }
  const Versions& versions() const { return versions_; }

 private:
  struct Mmu;

  void judge(Mmu&, const Asked&, const Response&, Time taken);
  bool judge_directly(Mmu&, const Asked&, const Response&, Time taken);
  void judge_anew(Mmu&, const Asked&, const Response&, bool refill);
  void search(Mmu&, const Asked&, const Response&, const arch::Verdict& now);
  void accept(Mmu&, const Asked&, const Response&, const WitnessSearch::Found&);
  void reject(Rejection);
  void record(Time, u64 pa, u64 before, u64 after, bool seen);
  void written(Mmu&, Time, u64 pa, u64 before, u64 after);
  void collect(Time now);

  CheckerConfig config_;
  os::PhysMem& memory_;
  Versions versions_;
  RecentWalks recent_;
  std::vector<std::unique_ptr<Mmu>> mmus_;
  Obligations obligations_;
  CheckerCounts counts_;
  std::vector<Rejection> rejections_;
  u64 until_collection_ = 0;
  VisitedWords visited_;  // words that walkers came to
  bool quiet_ = true;     // nothing was asked of any MMU since reset

  static constexpr std::size_t kRejectionsKept = 16;
};

// The counts as lines of a table: {what, number}.
std::vector<std::pair<std::string, u64>> summary(const Checker&);

}  // namespace kilburn::admissible
