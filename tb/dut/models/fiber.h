// SPDX-License-Identifier: Apache-2.0
//
// A stack of its own for work that has to stop in the middle of a call and go on later.
#pragma once

#include <boost/context/fiber.hpp>
#include <boost/context/preallocated.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <exception>
#include <functional>
#include <utility>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace kilburn::tb::models {

// AddressSanitizer is told of every change of stack (sanitizer/common_interface_defs.h), so that it works with this
// class, as it does not with SystemC's own threads.
class Fiber {
 public:
  Fiber() = default;
  // Work that was left in the middle must have been finished.
  ~Fiber() {
    if (!inside_) return;
    ending_ = true;
    enter({});
  }
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Goes on with the work where it left; if there is none, starts `work`. Returns when the work leaves or is done.
  // An exception that ends the work is thrown here.
  void enter(std::function<void()> work) {
    if (!working_) {
      work_ = std::move(work);
      working_ = true;
    }
    if (!inside_ && !ending_) make();
    before_switch(outside_fake_, inside_bottom_, inside_bytes_);
    inside_ = std::move(inside_).resume();
    after_switch(outside_fake_, nullptr, nullptr);
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }
  // On the fiber's stack: back to enter(), until it is called again.
  void leave() {
    before_switch(inside_fake_, outside_bottom_, outside_bytes_);
    outside_ = std::move(outside_).resume();
    after_switch(inside_fake_, &outside_bottom_, &outside_bytes_);
  }
  bool inside_work() const { return working_; }

 private:
  static constexpr std::size_t kStackBytes = 256 << 10;

  void make() {
    boost::context::protected_fixedsize_stack stacks(kStackBytes);
    const boost::context::stack_context stack = stacks.allocate();
    inside_bytes_ = stack.size;
    inside_bottom_ = static_cast<char*>(stack.sp) - stack.size;
    inside_ = boost::context::fiber(std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack),
                                    stacks, [this](boost::context::fiber&& caller) { return run(std::move(caller)); });
  }

  // One call of `work_` after the other.
  boost::context::fiber run(boost::context::fiber&& caller) {
    after_switch(nullptr, &outside_bottom_, &outside_bytes_);
    outside_ = std::move(caller);
    while (!ending_) {
      try {
        work_();
      } catch (...) {
        error_ = std::current_exception();
      }
      working_ = false;
      leave();
    }
    last_switch();
    return std::move(outside_);
  }

#ifdef __SANITIZE_ADDRESS__
  static void before_switch(void*& fake, const void* bottom, std::size_t bytes) {
    __sanitizer_start_switch_fiber(&fake, bottom, bytes);
  }
  static void after_switch(void* fake, const void** bottom, std::size_t* bytes) {
    __sanitizer_finish_switch_fiber(fake, bottom, bytes);
  }
  void last_switch() { __sanitizer_start_switch_fiber(nullptr, outside_bottom_, outside_bytes_); }
#else
  static void before_switch(void*&, const void*, std::size_t) {}
  static void after_switch(void*, const void**, std::size_t*) {}
  void last_switch() {}
#endif

  std::function<void()> work_;
  boost::context::fiber inside_;   // while control is outside
  boost::context::fiber outside_;  // while control is inside
  bool working_ = false;           // some work is not done
  bool ending_ = false;
  std::exception_ptr error_;
  void* inside_fake_ = nullptr;
  void* outside_fake_ = nullptr;
  const void* inside_bottom_ = nullptr;
  std::size_t inside_bytes_ = 0;
  const void* outside_bottom_ = nullptr;
  std::size_t outside_bytes_ = 0;
};

}  // namespace kilburn::tb::models
