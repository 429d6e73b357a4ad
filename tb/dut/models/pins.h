// SPDX-License-Identifier: Apache-2.0
//
// The pins around a model that translates one request a side at a time: handshakes, the memory port that the
// sides share, maintenance and its acknowledge, event counters (rtl/README.md, Ports and Protocol rules).
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <variant>

#include "model/arch/walk.h"
#include "tb/dut/dut.h"

namespace kilburn::tb::models {

using arch::u16;
using arch::u32;
using arch::u64;
using arch::u8;

// Event counters by layout.def Event.
using Events = std::array<u32, 32>;

// What a model wants next for the request of one side.
struct MemoryOp {  // a word read, or compared and swapped
  u64 pa = 0;      // 8-byte aligned
  bool swap = false;
  u64 expect = 0;
  u64 desired = 0;
};
struct Answer {  // nothing more: the outcome
  arch::FaultReport fault;
  u64 pa = 0;
  arch::Translation translation;
};
using Step = std::variant<MemoryOp, Answer>;

// The port's reply to a MemoryOp.
struct MemoryReply {
  u64 data = 0;  // the word read, or the word before the swap
  bool matched = false;
  bool error = false;
};

class Engine {
 public:
  virtual ~Engine() = default;
  // Forgets every request and translation. At least once before anything else.
  virtual void reset(const arch::Settings&) = 0;
  // A new request of a side (0 instruction, 1 data); the one before has had its Answer.
  virtual Step begin(unsigned side, const arch::Request&, const arch::Context&) = 0;
  virtual Step resume(unsigned side, const MemoryReply&) = 0;
  // A maintenance operation, layout.def Inv. After it no side may ask for a swap that follows from words read
  // before it.
  virtual void maintain(u8 op, u64 va, u16 asid, u64 pte) = 0;
  // Counts lookups, walks and fills; the rest is counted at the pins.
  virtual void count(Events&) {}
};

class PinModel {
 public:
  PinModel(arch::Format format, std::unique_ptr<Engine> engine) : format_(format), engine_(std::move(engine)) {}
  void reset(u32 cfg, kilburn_dut_out&);
  void clock(const kilburn_dut_in&, kilburn_dut_out&);

 private:
  struct Side {
    enum class State : u8 { idle, working, answered } state = State::idle;
    std::optional<MemoryOp> op;  // wanted and not yet taken by the memory
    bool in_flight = false;      // taken and not yet answered
    bool old = false;            // wanted before the maintenance that is under way
    kilburn_req_out response{};  // with id while working, complete when answered
  };
  void accept(unsigned side, const kilburn_req_in&, const kilburn_dut_in&);
  void take(unsigned side, const Step&);
  void memory_port(const kilburn_dut_in&);
  void maintenance(const kilburn_dut_in&, bool accepted);
  bool maintenance_ready() const { return maintenance_ == Maintenance::idle && !hold_; }
  void choose_presented();
  void show(kilburn_dut_out&) const;

  const arch::Format format_;
  std::unique_ptr<Engine> engine_;
  std::array<Side, 2> sides_;
  std::optional<unsigned> presented_;  // the side whose operation is at the memory port
  unsigned last_presented_ = 0;
  enum class Maintenance : u8 { idle, busy, acknowledge } maintenance_ = Maintenance::idle;
  bool hold_ = false;  // an operation cut a walk short: one ends before the next operation is taken (R5)
  Events events_{};
  u32 shown_event_ = 0;
};

// The contract's functions around PinModel; `Make` makes an Engine for a format or null.
using Make = std::unique_ptr<Engine> (*)(arch::Format);
kilburn_dut_api make_api(arch::Format, const char* name, const char* description);

template <Make kMake, arch::Format kFormat>
const kilburn_dut_api& api(const char* name, const char* description) {
  static const kilburn_dut_api functions = [&] {
    kilburn_dut_api a = make_api(kFormat, name, description);
    a.create = [](u64) -> void* {
      std::unique_ptr<Engine> engine = kMake(kFormat);
      if (engine == nullptr) return nullptr;
      auto model = std::make_unique<PinModel>(kFormat, std::move(engine));
      kilburn_dut_out out;
      model->reset(arch::config_word(kFormat, {}), out);
      return model.release();
    };
    return a;
  }();
  return functions;
}

template <Make kMake>
const kilburn_dut_api& api(arch::Format format, const char* name, const char* description) {
  switch (format) {
    case arch::Format::alpha:
      return api<kMake, arch::Format::alpha>(name, description);
    case arch::Format::alpha_x64:
      return api<kMake, arch::Format::alpha_x64>(name, description);
    case arch::Format::x86_64:
      break;
  }
  return api<kMake, arch::Format::x86_64>(name, description);
}

}  // namespace kilburn::tb::models
