// SPDX-License-Identifier: Apache-2.0
//
// Situations of the coverage model that chance meets seldom, made on purpose: each scene goes through a family of them
// one after the other (tb/coverage/README.md).
#pragma once

#include "tb/explain/explanation.h"
#include "tb/lockstep/lockstep.h"
#include "tb/stimulus/random_test.h"

namespace kilburn::tb {

struct ScenesResult {
  arch::u64 answered = 0;
  arch::u64 compared = 0;  // with the architecture's walk
  arch::u64 scenes = 0;
  arch::u64 invalidations = 0;
  arch::u64 restarts = 0;
  arch::u64 faults[16] = {};
};

class ScenesTest {
 public:
  static constexpr arch::u64 kMemoryBytes = arch::u64{1} << 22;

  // Of the configuration, format, count, seed, vary_settings and features count. All scenes are played once, and again
  // until so many responses have come.
  ScenesTest(Lockstep& lockstep, const RandomTestConfig& config);
  // Throws DutWrong.
  void run();
  const ScenesResult& result() const { return result_; }

 private:
  // An address with a table path of its own: one table a level, every entry present.
  struct Path {
    arch::Context context;
    arch::u64 va = 0;
    unsigned levels = 4, leaf = 1;
  };
  // Where the answer to a request comes from that a change overtakes.
  enum class From { l1, l2, prefetched, merged, cached, root, again };
  struct Origin {
    From from;
    unsigned level = 0;  // of the structure cache
  };
  // A rule of x86-64 that is to decide an access.
  struct RuleX86 {
    unsigned rule;
    unsigned level, leaf = 1;
    unsigned protection = 0;  // WP SMEP SMAP AC NXE PKE, as far as the rule leaves them open
    unsigned warm = 0;        // a walk begins from the structure cache of this level; 0: from the root
    bool fits = true;         // the access is one that the rule is about
    arch::Request request;
  };
  // An entry before and after a change of one kind.
  struct Change {
    unsigned level;
    arch::u64 before, after;
  };

  // --- the scenes
  void rules_x86();       // scenes_rules.cpp
  void rules_alpha();     // scenes_alpha.cpp
  void changes();         // scenes_changes.cpp
  void crowds();          // scenes_walks.cpp
  void refused_beside();  // scenes_walks.cpp
  void timings();         // scenes_walks.cpp
  void targets();         // scenes_targets.cpp
  void corners();         // scenes_places.cpp
  void replacements();    // scenes_places.cpp

  // --- their parts
  void rule_x86(RuleX86 scene);
  void spoil(Path& path, const RuleX86& scene);
  void leaf_alpha(arch::u64 image, arch::u64 hint, arch::Request request, unsigned warm);
  void table_alpha(unsigned level, arch::u64 image, arch::Request request, unsigned warm);
  void addresses_alpha(arch::Request request);
  void warm_up(const Path& path, unsigned level);
  void change(const Origin& origin, bool refused, bool invalidated, unsigned kind);
  void lead_to(const Path& path, const Origin& origin, bool refused);
  Change change_of(const Path& path, unsigned kind, bool refused);
  void crowd(unsigned leaf, bool la57);
  void refused_beside(unsigned leaf, unsigned relation, unsigned later);
  void corner(arch::u64 va, arch::u32 controls);
  void own_slot(arch::u32 controls);
  void same_place(const Path& path, arch::u64 leaf, bool fetch);
  void target(unsigned leaf, arch::u64 hint, arch::u8 operation, unsigned relation);

  // --- tables
  Path draw_path(unsigned leaf, arch::u32 controls);
  Path path_to(arch::u64 va, unsigned leaf, arch::u32 controls);
  arch::u64 granting(const Path& path, unsigned level);
  void build(const Path& path);
  arch::u64 table(unsigned level) const { return arch::u64{0x10000} * level; }
  arch::u64 spare_table(unsigned level) const { return table(level) + 0x8000; }
  arch::u64 entry_at(const Path& path, unsigned level) const { return entry_at(path, level, path.va); }
  arch::u64 entry_at(const Path& path, unsigned level, arch::u64 va) const;
  arch::u64 points_to(arch::u64 entry, arch::u64 table_address) const;
  // The address whose index differs at one level, which gets an entry there.
  arch::u64 neighbour(const Path& path, unsigned level);
  arch::u64 entry(arch::u64 pa) { return lockstep_.memory().load64(pa); }
  void set(arch::u64 pa, arch::u64 value);
  arch::FormatInfo info(const Path& path) const {
    return arch::info(config_.format, lockstep_.settings(), path.context.controls);
  }
  bool has(arch::layout::Field what) const { return what.test(config_.features); }
  void restart(const arch::Settings& settings);

  // --- the pins
  void clock();
  void give(const arch::Context&, const arch::Request&);
  void drain();
  DutAnswer translate(const arch::Context&, const arch::Request&);
  // Everything is dropped, so the walk of now says what the answer is. With a structure cache that is warm it may come
  // from before: an MMU may have read ahead.
  void judged(const arch::Context&, const arch::Request&, unsigned warm = 0);
  void offer(arch::u8 op, arch::u64 va, arch::u16 asid, arch::u64 pte);
  void invalidate(arch::u8 op, arch::u64 va = 0, arch::u16 asid = 0, arch::u64 pte = 0);

  Lockstep& lockstep_;
  RandomTestConfig config_;
  Random random_;
  ScenesResult result_;
  bool x86_;
  arch::u16 busy_[2] = {0, 0};  // ids in flight: instruction, data
  unsigned next_id_ = 0;
  DutAnswer last_;
};

}  // namespace kilburn::tb
