// SPDX-License-Identifier: Apache-2.0
//
// Parsing of lackey logs; the reference lines are the fast path.
#include "sw/trace/lackey.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace kilburn::os {

namespace {

constexpr std::array<std::int8_t, 256> hex_digits() {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (int n = 0; n < 10; ++n) table[static_cast<size_t>('0' + n)] = static_cast<std::int8_t>(n);
  for (int n = 0; n < 6; ++n) {
    table[static_cast<size_t>('a' + n)] = static_cast<std::int8_t>(10 + n);
    table[static_cast<size_t>('A' + n)] = static_cast<std::int8_t>(10 + n);
  }
  return table;
}
constexpr auto kHex = hex_digits();

// A number at the front of `text`, "0x" hexadecimal or decimal, which may be negative ("-1" for no file);
// the rest stays in `text`.
bool take_number(std::string_view& text, u64& value) {
  int base = 10;
  if (text.starts_with("-")) {
    std::int64_t negative = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), negative);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    value = static_cast<u64>(negative);
    return true;
  }
  if (text.starts_with("0x")) {
    text.remove_prefix(2);
    base = 16;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

void skip_spaces(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

}  // namespace

std::unique_ptr<LackeyReader> LackeyReader::open(const std::string& path) {
  return std::make_unique<LackeyReader>(LineSource::open(path));
}

void LackeyReader::fail(std::string reason) const {
  throw BadLine(source_.name(), source_.number(), std::move(reason));
}

bool LackeyReader::next(TraceEvent& event) {
  std::string_view line;
  for (;;) {
    if (again_) {
      again_ = false;
      line = again_line_;
    } else if (!source_.next(line)) {
      return false;
    }
    if (line.size() > 3 && line[2] == ' ' && (line[0] == 'I' || line[0] == ' ')) {
      if (reference(line, event)) return true;
    }
    if (line.starts_with("SYSCALL[")) {
      if (system_call(line, event)) return true;
      continue;
    }
    // An empty line ends the call that lets another thread run.
    if (line.empty() || line.starts_with("==") || line.starts_with("--") || line.starts_with("**")) continue;
    if (line.starts_with(" --> ")) {  // the result of the call on an earlier line
      u64 value = 0;
      Pending& p = pending(last_thread_);
      const Result r = result(line, value);
      if (r == Result::unknown) fail("result of a system call is malformed");
      if (r == Result::success && finish(p, value, event)) return true;
      if (r == Result::failure) p.call = Call::none;
      continue;
    }
    fail("not a line of a lackey log");
  }
}

// False: the line is of another kind.
bool LackeyReader::reference(std::string_view line, TraceEvent& event) {
  if (line[0] == 'I') {
    if (line[1] != ' ') return false;
    event.kind = TraceEvent::Kind::fetch;
  } else {
    switch (line[1]) {
      case 'L':
        event.kind = TraceEvent::Kind::read;
        break;
      case 'S':
        event.kind = TraceEvent::Kind::write;
        break;
      case 'M':
        event.kind = TraceEvent::Kind::modify;
        break;
      default:
        return false;
    }
  }
  const char* at = line.data() + 3;
  const char* const end = line.data() + line.size();
  u64 address = 0;
  const char* const digits = at;
  for (; at != end; ++at) {
    const int digit = kHex[static_cast<unsigned char>(*at)];
    if (digit < 0) break;
    address = (address << 4) | static_cast<unsigned>(digit);
  }
  if (at == digits || at - digits > 16 || at == end || *at != ',') fail("address of the reference is malformed");
  ++at;
  unsigned size = 0;
  const char* const size_digits = at;
  for (; at != end && *at >= '0' && *at <= '9' && size <= kMaxReference; ++at) {
    size = size * 10 + static_cast<unsigned>(*at - '0');
  }
  if (at == size_digits || at != end) fail("size of the reference is malformed");
  if (size == 0 || size > kMaxReference) fail("size of the reference is not 1 to 512");
  if (address + size < address) fail("reference passes the end of the address space");
  if (!source_.terminated()) fail("last line is cut off");
  event.address = address;
  event.size = static_cast<u16>(size);
  return true;
}

LackeyReader::Pending& LackeyReader::pending(u64 thread) {
  const auto at = std::find_if(pending_.begin(), pending_.end(), [=](const Pending& p) { return p.thread == thread; });
  if (at != pending_.end()) return *at;
  // Calls under way are at most one a thread; finished ones are used again.
  const auto idle =
      std::find_if(pending_.begin(), pending_.end(), [](const Pending& p) { return p.call == Call::none; });
  Pending& p = idle != pending_.end() ? *idle : pending_.emplace_back();
  if (pending_.size() > 65536) fail("more than 65536 threads in system calls");
  p = Pending{};
  p.thread = thread;
  return p;
}

LackeyReader::Result LackeyReader::result(std::string_view text, u64& value) const {
  const size_t arrow = text.rfind("--> ");
  if (arrow == std::string_view::npos) return Result::unknown;
  text.remove_prefix(arrow + 4);
  if (text.starts_with("[async] ...")) return Result::later;
  if (take(text, "[") && text.find("] ") != std::string_view::npos) text.remove_prefix(text.find("] ") + 2);
  if (text.starts_with("Failure(")) return Result::failure;
  if (!take(text, "Success(")) return Result::unknown;
  if (text.starts_with("0x") && take_number(text, value) && text.starts_with(")")) return Result::success;
  return Result::unknown;
}

bool LackeyReader::system_call(std::string_view line, TraceEvent& event) {
  const std::string_view whole = line;
  line.remove_prefix(8);
  u64 process = 0, thread = 0, number = 0;
  if (!take_number(line, process) || !take(line, ",") || !take_number(line, thread) || !take(line, "](") ||
      !take_number(line, number) || !take(line, ")")) {
    fail("head of the system call is malformed");
  }
  last_thread_ = thread;
  skip_spaces(line);
  u64 value = 0;
  if (line.starts_with("...")) {  // "... [async] --> Success(0x0)"
    Pending& p = pending(thread);
    const Result r = result(line, value);
    if (r == Result::unknown) fail("result of a system call is malformed");
    if (r == Result::success) return finish(p, value, event);
    p.call = Call::none;
    return false;
  }
  const std::string_view name = line.substr(0, line.find_first_of(" ("));
  line.remove_prefix(name.size());
  Pending& p = pending(thread);
  p.call = Call::none;
  size_t least = 0;
  if (name == "sys_mmap") {
    p.call = Call::map, least = 6;
  } else if (name == "sys_munmap") {
    p.call = Call::unmap, least = 2;
  } else if (name == "sys_mprotect") {
    p.call = Call::protect, least = 3;
  } else if (name == "sys_mremap") {
    p.call = Call::remap, least = 4;
  } else if (name == "sys_brk") {
    p.call = Call::brk, least = 1;
  } else if (name == "sys_clone" || name == "sys_clone3" || name == "sys_fork" || name == "sys_vfork") {
    const size_t at = line.find(" created child ");
    if (at == std::string_view::npos) return false;  // a thread, or refused
    line.remove_prefix(at + 15);
    if (!take_number(line, value) || value == 0 || value > 0xffffffff) fail("process number of the child is malformed");
    event.kind = TraceEvent::Kind::fork;
    event.pid = static_cast<u32>(value);
    return true;
  } else if (name == "exit_group" || name == "sys_exit_group") {
    event.kind = TraceEvent::Kind::exit;
    return true;
  } else if (name == "sys_execve" || name == "sys_execveat") {
    return exec_line(result(whole, value), event);
  } else {
    return false;
  }
  skip_spaces(line);
  if (!take(line, "(")) fail("arguments of the system call are malformed");
  size_t count = 0;
  for (;; ++count) {
    skip_spaces(line);
    if (take(line, ")")) break;
    if (count == 6 || !take_number(line, p.arguments[count])) fail("arguments of the system call are malformed");
    skip_spaces(line);
    take(line, ",");
  }
  if (count < least) fail("the system call has too few arguments");
  switch (result(line, value)) {
    case Result::success:
      return finish(p, value, event);
    case Result::failure:
      p.call = Call::none;
      return false;
    case Result::unknown:
      if (line.find("-->") != std::string_view::npos) fail("result of a system call is malformed");
      return false;  // on a later line
    case Result::later:
      break;
  }
  return false;
}

// A successful exec has no result: the log ends, or goes on with the new program.
bool LackeyReader::exec_line(Result r, TraceEvent& event) {
  if (r == Result::failure) return false;
  std::string_view line;
  if (r == Result::unknown && source_.next(line)) {
    u64 value = 0;
    if (line.starts_with(" --> ") && result(line, value) == Result::failure) return false;
    again_ = true;
    again_line_ = line;
  }
  event.kind = TraceEvent::Kind::exec;
  return true;
}

// The call succeeded: its event, if it has one.
bool LackeyReader::finish(Pending& p, u64 value, TraceEvent& event) {
  const auto& a = p.arguments;
  const Call call = p.call;
  p.call = Call::none;
  const auto rights = [](u64 prot) { return with_read(static_cast<unsigned>(prot & 7)); };
  constexpr u64 kAnonymous = 0x20, kNoFile = 0xffffffff;
  switch (call) {
    case Call::map:
      event.kind = TraceEvent::Kind::map;
      event.address = value;
      event.length = a[1];
      event.rights = rights(a[2]);
      event.file = (a[3] & kAnonymous) != 0 || a[4] >= kNoFile ? 0 : static_cast<u32>(a[4]) + 1;
      event.offset = event.file == 0 ? 0 : a[5];
      return true;
    case Call::unmap:
    case Call::protect:
      event.kind = call == Call::unmap ? TraceEvent::Kind::unmap : TraceEvent::Kind::protect;
      event.address = a[0];
      event.length = a[1];
      event.rights = rights(a[2]);
      return true;
    case Call::remap:
      event.kind = TraceEvent::Kind::remap;
      event.address = value;
      event.length = a[2];
      event.old_address = a[0];
      event.old_length = a[1];
      return true;
    case Call::brk:
      event.kind = TraceEvent::Kind::brk;
      event.address = value;
      return true;
    case Call::none:
      break;
  }
  return false;
}

}  // namespace kilburn::os
