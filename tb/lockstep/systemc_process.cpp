// SPDX-License-Identifier: Apache-2.0
//
// The SystemC side of a run.
#include "tb/lockstep/systemc_process.h"

#include <cstdlib>
#include <exception>
#include <memory>
#include <systemc>

namespace kilburn::tb {
#ifndef __SANITIZE_ADDRESS__
namespace {

constexpr int kStackBytes = 8 << 20;  // the OS shim and its audits run on this stack

class TestProcess : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(TestProcess);
  TestProcess(sc_core::sc_module_name name, std::function<void(const Advance&)> body)
      : sc_core::sc_module(name), body_(std::move(body)) {
    SC_THREAD(run);
    set_stack_size(kStackBytes);
  }
  std::exception_ptr error() const { return error_; }

 private:
  void run() {
    const sc_core::sc_time period(1, sc_core::SC_NS);
    try {
      body_([&](arch::u64 cycles) { wait(static_cast<double>(cycles) * period); });
    } catch (const sc_core::sc_unwind_exception&) {
      throw;  // the kernel's own way to end a thread
    } catch (...) {
      error_ = std::current_exception();
    }
    sc_core::sc_stop();
  }

  std::function<void(const Advance&)> body_;
  std::exception_ptr error_;
};

}  // namespace
#endif

void run_in_systemc(const std::function<void()>& elaborate, const std::function<void(const Advance&)>& body) {
  setenv("SC_COPYRIGHT_MESSAGE", "DISABLE", 0);
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  if (elaborate) elaborate();
#ifdef __SANITIZE_ADDRESS__
  // AddressSanitizer cannot follow QuickThreads from stack to stack and reports exceptions that it meets
  // there (google/sanitizers issue 189): under it the body stays on the main stack, between slices of time.
  const sc_core::sc_time period(1, sc_core::SC_NS);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  body([&](arch::u64 cycles) { sc_core::sc_start(static_cast<double>(cycles) * period); });
#else
  TestProcess test("test", body);
  sc_core::sc_start();
  if (test.error()) std::rethrow_exception(test.error());
#endif
}

}  // namespace kilburn::tb
