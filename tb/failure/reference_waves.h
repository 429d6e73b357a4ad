// SPDX-License-Identifier: Apache-2.0
//
// What the reference knows, recorded beside the DUT's waves: the outputs that it expects, the verdict, its state, and
// every request by number from its acceptance to its response.
//
//   transactions.d_3        "#4711 store 0x7f0012345678 user"; then "#4711 in the L2 TLB: store ..."; then
//                           "#4711 = 0x1f678, walk: store ..."
//   transactions.memory_0   "reads 0x1f000" until memory answers
//   transactions.operation, transactions.software
//   verdict.exact, verdict.differs, verdict.admissible
//   expected.d_rsp_pa_o     each output pin
//   twin.d_miss_0, twin.walker_0, twin.maintenance, twin.d_tlb.entry_5 ...
#pragma once

#include <array>
#include <optional>

#include "tb/admissible/checker.h"
#include "tb/failure/added_signals.h"
#include "tb/failure/transactions.h"
#include "tb/lockstep/cycle_observer.h"
#include "tb/lockstep/lockstep.h"

namespace kilburn::tb {

class ReferenceWaves final : public CycleObserver {
 public:
  // From now on. `waves`: the file that the DUT of the lockstep writes. `checker`: may be nullptr. Throws
  // EnvironmentError.
  ReferenceWaves(Lockstep&, const std::filesystem::path& waves, const admissible::Checker* checker);
  ~ReferenceWaves() override;
  ReferenceWaves(const ReferenceWaves&) = delete;
  ReferenceWaves& operator=(const ReferenceWaves&) = delete;

  void cycle(const Lockstep&, bool compared) override;
  void reset() override;
  // The DUT has closed its file. Throws EnvironmentError.
  void finish();

 private:
  enum class Stage : arch::u8 { l1, l2, walk };  // how far a request had to go
  // A request from its acceptance until its response is taken.
  struct Row {
    Row() = default;
    explicit Row(unsigned of) : signal(of) {}
    unsigned signal = 0;
    arch::u64 number = 0;  // 0: nothing
    std::string request;   // "store 0x7f0012345678 user"
    Stage stage = Stage::l1;
    bool answered = false;
    bool late = false;  // shown from the next cycle on
  };
  struct Structure {
    uarch::Structure structure;
    std::vector<unsigned> signals;
    std::vector<uarch::TlbEntry> shown;
  };
  static constexpr unsigned kIds = 16;

  void add_signals(const Lockstep&);
  void accept(const Lockstep&, Side);
  void answer(const Lockstep&, Side);
  void show_memory(const Lockstep&);
  void show_operation(const Lockstep&);
  void show_expected(const Lockstep&, bool compared);
  void show_twin(const uarch::Mmu&);
  void show_entries(const uarch::Mmu&);
  void show_checker();
  Row& row(Side side, unsigned id) { return rows_[static_cast<unsigned>(side)][id % kIds]; }
  Row& row_of(const uarch::MissFile&, unsigned place);

  Lockstep& lockstep_;
  const admissible::Checker* checker_;
  AddedSignals signals_;
  Transactions transactions_;  // the same as a file of their own
  arch::Format format_;
  std::array<std::array<Row, kIds>, 2> rows_;
  std::array<unsigned, kIds> memory_{};
  std::array<std::string, kIds> reads_;  // under way
  unsigned operation_ = 0, software_ = 0;
  unsigned exact_ = 0, differs_ = 0, admissible_ = 0;
  std::vector<unsigned> expected_;
  std::optional<kilburn_dut_out> shown_;
  std::array<unsigned, uarch::MissFile::kMaxPlaces> misses_{};
  std::vector<unsigned> walkers_;
  unsigned maintenance_ = 0;
  std::vector<Structure> structures_;
  bool operating_ = false;
  arch::u64 edits_ = 0;
  admissible::CheckerCounts counts_;
};

}  // namespace kilburn::tb
