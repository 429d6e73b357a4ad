// SPDX-License-Identifier: Apache-2.0
//
// Lines as valgrind 3.19 writes them; the process number, which events do not hold, is 1.
#include "sw/trace/lackey_writer.h"

#include "sw/core/errors.h"

namespace kilburn::os {

namespace {

// Eight digits at least, as lackey prints addresses.
void append_address(std::string& text, u64 address) {
  constexpr const char* kDigits = "0123456789abcdef";
  char digits[16];
  size_t n = 16;
  for (; n > 8 || address != 0; address >>= 4) digits[--n] = kDigits[address & 15];
  text.append(digits + n, 16 - n);
}

void append_call(std::string& text, const std::string& call, u64 result) {
  text += "SYSCALL[1,1]" + call + " --> [pre-success] Success(" + hex(result) + ") \n";
}

}  // namespace

void append_lackey(const TraceEvent& e, std::string& text) {
  const auto number = [](u64 value) { return std::to_string(value); };
  switch (e.kind) {
    case TraceEvent::Kind::fetch:
    case TraceEvent::Kind::read:
    case TraceEvent::Kind::write:
    case TraceEvent::Kind::modify: {
      constexpr const char* kHeads[] = {"I  ", " L ", " S ", " M "};
      text += kHeads[static_cast<size_t>(e.kind)];
      append_address(text, e.address);
      text += ',';
      text += number(e.size);
      text += '\n';
      break;
    }
    case TraceEvent::Kind::map:  // MAP_PRIVATE 2, MAP_ANONYMOUS 32
      append_call(text,
                  "(9) sys_mmap ( 0x0, " + number(e.length) + ", " + number(e.rights) + ", " +
                      (e.file == 0 ? "34, -1, 0 )" : "2, " + number(e.file - 1) + ", " + number(e.offset) + " )"),
                  e.address);
      break;
    case TraceEvent::Kind::unmap:
      append_call(text, "(11) sys_munmap ( " + hex(e.address) + ", " + number(e.length) + " )", 0);
      break;
    case TraceEvent::Kind::protect:
      append_call(
          text, "(10) sys_mprotect ( " + hex(e.address) + ", " + number(e.length) + ", " + number(e.rights) + " )", 0);
      break;
    case TraceEvent::Kind::remap:
      append_call(
          text,
          "(25) sys_mremap ( " + hex(e.old_address) + ", " + number(e.old_length) + ", " + number(e.length) + ", 0x1 )",
          e.address);
      break;
    case TraceEvent::Kind::brk:
      append_call(text, "(12) sys_brk ( " + hex(e.address) + " )", e.address);
      break;
    case TraceEvent::Kind::fork:
      append_call(text, "(57) sys_fork ( )   fork: process 1 created child " + number(e.pid) + "\n", e.pid);
      break;
    case TraceEvent::Kind::exec:  // one that succeeds has no result
      text += "SYSCALL[1,1](59) sys_execve ( 0x0, 0x0, 0x0 )\n";
      break;
    case TraceEvent::Kind::exit:
      append_call(text, "(231) exit_group( 0 )", 0);
      break;
  }
}

}  // namespace kilburn::os
