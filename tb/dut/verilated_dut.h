// SPDX-License-Identifier: Apache-2.0
//
// One instance of a Verilated design with clock `clk_i` and reset `rst_ni`: clocking, reset and waves.
//
// For adapters: set the input pins, call clock(), read the output pins. In a wave file the inputs of a
// cycle change at the falling edge in its middle, the outputs at the rising edge that starts the next.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "tb/dut/verilated_model.h"

namespace kilburn::tb {

// Which edges of `clk_i` the design looks at. `rising_only` is a promise of the adapter that nothing in the design
// depends on the clock but processes of the rising edge (no latch, no gated clock); it saves a tenth of a clock's cost.
enum class Edges { both, rising_only };

template <class Model, Edges kEdges = Edges::both>
class VerilatedDut {
 public:
  explicit VerilatedDut(std::uint64_t seed) : context_(std::make_unique<VerilatedContext>()) {
    // Registers without a reset start at random; 0 would mean a seed from the clock (verilated.h).
    const auto folded = static_cast<std::uint32_t>(seed ^ (seed >> 32)) & 0x7fffffffu;
    context_->randSeed(static_cast<int>(folded == 0 ? 1 : folded));
    context_->randReset(2);
    context_->threads(1);  // the default starts a pool of idle threads, which no fork survives
#if VM_TRACE
    context_->traceEverOn(true);
#endif
    model_ = std::make_unique<Model>(context_.get(), "top");
    model_->eval();  // runs the initializers, so that what is set from here on stays
  }

  ~VerilatedDut() {
#if VM_TRACE
    waves_close();
#endif
    // The run time unregisters a model from the context last used, which may be another instance's.
    Verilated::threadContextp(context_.get());
    model_->final();
#if VM_COVERAGE
    write_coverage();
#endif
    model_.reset();
  }

  VerilatedDut(const VerilatedDut&) = delete;
  VerilatedDut& operator=(const VerilatedDut&) = delete;

  Model& pins() { return *model_; }

  // The falling edge, at which the inputs have their new values, then the rising edge.
  void clock() {
    model_->clk_i = 0;
    if (waves() || !forget_clock(model_->rootp)) [[unlikely]]
      model_->eval();
    half_a_period();
    model_->clk_i = 1;
    model_->eval();
    half_a_period();
  }

  void reset() {
    model_->rst_ni = 0;
    for (int i = 0; i < kResetCycles; ++i) clock();
    model_->rst_ni = 1;
  }

#if VM_TRACE
  bool waves_open(const char* path) {
    waves_close();
    Verilated::threadContextp(context_.get());
    auto waves = std::make_unique<VerilatedFstC>();
    model_->trace(waves.get(), kAllLevels);
    waves->open(path);
    if (!waves->isOpen()) return false;
    waves_ = std::move(waves);
    return true;
  }

  // An FST file is unreadable until it is closed.
  void waves_close() {
    if (!waves_) return;
    waves_->close();
    waves_.reset();
  }
#endif

  // The evaluation of the rising edge looks at the inputs anew: all that the one of the falling edge leaves behind, in
  // a design of rising edges, is that the clock was low. Where the member that remembers this has the name that it has
  // in Verilator 5.006, it is set instead; false if it has another.
  template <class Root>
  static bool forget_clock(Root* root) {
    if constexpr (kEdges == Edges::rising_only && requires { root->__Vtrigrprev__TOP__clk_i; }) {
      root->__Vtrigrprev__TOP__clk_i = 0;
      return true;
    } else {
      return false;
    }
  }

 private:
#if VM_TRACE
  bool waves() const { return waves_ != nullptr; }
  void half_a_period() {
    if (waves_) [[unlikely]]
      waves_->dump(time_);
    time_ += kHalfPeriod;
  }
#else
  static constexpr bool waves() { return false; }
  void half_a_period() {}
#endif
#if VM_COVERAGE
  // Into the run's folder; several instances leave a file each.
  void write_coverage() {
    const char* folder = std::getenv("KILBURN_RUN_FOLDER");
    if (folder == nullptr) return;
    static unsigned written = 0;
    const std::string number = written == 0 ? "" : std::to_string(written);
    ++written;
    context_->coveragep()->write((std::string(folder) + "/coverage" + number + ".dat").c_str());
  }
#endif
  [[maybe_unused]] static constexpr std::uint64_t kHalfPeriod = 5;  // time units; a clock period shows as 10
  static constexpr int kResetCycles = 4;
  [[maybe_unused]] static constexpr int kAllLevels = 99;

  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Model> model_;
#if VM_TRACE
  std::unique_ptr<VerilatedFstC> waves_;
  std::uint64_t time_ = 0;
#endif
};

}  // namespace kilburn::tb
