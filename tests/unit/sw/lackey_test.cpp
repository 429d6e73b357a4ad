// SPDX-License-Identifier: Apache-2.0
//
// The lackey reader: lines as valgrind 3.19 writes them, and hostile ones.
#include "sw/trace/lackey.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/catch.h"
#include "tests/unit/sw/machine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace kilburn::os {
namespace {

using Kind = TraceEvent::Kind;

std::vector<TraceEvent> read(std::string_view text) {
  LackeyReader reader(LineSource::from_memory(text, "log"));
  std::vector<TraceEvent> events;
  for (TraceEvent e; reader.next(e);) {
    events.push_back(e);
    e = {};
  }
  return events;
}
std::string refused(std::string_view text) {
  try {
    read(text);
  } catch (const TraceError& e) {
    return e.what();
  }
  return "";
}

TEST_CASE("lackey: references") {
  const auto e = read(
      "==1== Lackey, an example Valgrind tool\n"
      "I  0401ab70,3\n S 1fff000708,8\n L 04033e06,32\n M ffffffffffff0000,512\n");
  REQUIRE(e.size() == 4);
  CHECK((e[0].kind == Kind::fetch && e[0].address == 0x401ab70 && e[0].size == 3));
  CHECK((e[1].kind == Kind::write && e[1].address == 0x1fff000708 && e[1].size == 8));
  CHECK((e[2].kind == Kind::read && e[2].address == 0x4033e06 && e[2].size == 32));
  CHECK((e[3].kind == Kind::modify && e[3].address == 0xffffffffffff0000 && e[3].size == 512));
}

TEST_CASE("lackey: system calls of the address space") {
  const auto e = read(
      "SYSCALL[6572,1](9) sys_mmap ( 0x0, 16400, 1, 2050, 4, 4096 ) --> [pre-success] Success(0x4837000) \n"
      "SYSCALL[6572,1](9) sys_mmap ( 0x0, 8192, 3, 34, 4294967295, 0 ) --> [pre-success] Success(0x4835000) \n"
      "SYSCALL[6572,1](9) sys_mmap ( 0x0, 8192, 0, 34, -1, 0 ) --> [pre-success] Success(0x4900000) \n"
      "SYSCALL[6572,1](11) sys_munmap ( 0x483c000, 44387 )[sync] --> Success(0x0) \n"
      "SYSCALL[6572,1](10) sys_mprotect ( 0x4a16000, 16384, 6 )[sync] --> Success(0x0) \n"
      "SYSCALL[6572,1](25) sys_mremap ( 0x483c000, 20000, 400000, 0x1 ) --> [pre-success] Success(0x4a2c000) \n"
      "SYSCALL[6572,1](25) sys_mremap ( 0x483c000, 8192, 8192, 0x3, 0x4a36000 ) --> [pre-success] Success(0x4a36000) \n"
      "SYSCALL[6572,1](12) sys_brk ( 0x4037710 ) --> [pre-success] Success(0x4037710) \n");
  REQUIRE(e.size() == 8);
  CHECK((e[0].kind == Kind::map && e[0].address == 0x4837000 && e[0].length == 16400 && e[0].rights == kRead));
  CHECK((e[0].file == 5 && e[0].offset == 4096));
  CHECK((e[1].kind == Kind::map && e[1].rights == (kRead | kWrite) && e[1].file == 0));
  CHECK((e[2].rights == 0 && e[2].file == 0));
  CHECK((e[3].kind == Kind::unmap && e[3].address == 0x483c000 && e[3].length == 44387));
  CHECK((e[4].kind == Kind::protect && e[4].length == 16384 && e[4].rights == (kRead | kWrite | kExecute)));
  CHECK((e[5].kind == Kind::remap && e[5].old_address == 0x483c000 && e[5].old_length == 20000 &&
         e[5].address == 0x4a2c000 && e[5].length == 400000));
  CHECK((e[6].kind == Kind::remap && e[6].address == 0x4a36000));
  CHECK((e[7].kind == Kind::brk && e[7].address == 0x4037710));
}

TEST_CASE("lackey: failed and foreign system calls are no events") {
  CHECK(read("SYSCALL[6572,1](11) sys_munmap ( 0x1234, 3 )[sync] --> Failure(0x16) \n"
             "SYSCALL[6572,1](61) sys_wait4 ( 6573, 0x1fff00060c, 0, 0x0 ) --> [async] ... \n"
             "SYSCALL[6572,1](61) ... [async] --> Success(0x19ad) \n"
             "SYSCALL[6572,1](334) unimplemented (by the kernel) syscall: 334! (ni_syscall)\n"
             " --> [pre-fail] Failure(0x26) \n"
             "SYSCALL[6572,1](257) sys_openat ( 4294967196, 0x40290b1(/tmp/a (b) --> x), 524288 ) --> [async] ... \n"
             "SYSCALL[6572,1](257) ... [async] --> Success(0x4) \n"
             "SYSCALL[6572,1](158) arch_prctl ( 4098, 4a29740 ) --> [pre-success] Success(0x0) \n"
             "SYSCALL[6572,2](60) exit( 0 ) --> [pre-success] Success(0x0) \n"
             "--6572-- WARNING: unhandled\n**6572** text\n==6572== \n")
            .empty());
}

TEST_CASE("lackey: results that come later find their call, by thread") {
  const auto e = read(
      "SYSCALL[7,1](11) sys_munmap ( 0x1000, 4096 ) --> [async] ... \n"
      "SYSCALL[7,2](10) sys_mprotect ( 0x8000, 8192, 1 )\n"
      " --> [pre-success] Success(0x0) \n"
      "I  00001000,1\n"
      "SYSCALL[7,1](11) ... [async] --> Success(0x0) \n"
      "SYSCALL[7,1](11) sys_munmap ( 0x2000, 4096 ) --> [async] ... \n"
      "SYSCALL[7,1](11) ... [async] --> Failure(0x16) \n"
      "SYSCALL[7,1](11) ... [async] --> Success(0x0) \n");
  REQUIRE(e.size() == 3);
  CHECK((e[0].kind == Kind::protect && e[0].address == 0x8000));
  CHECK(e[1].kind == Kind::fetch);
  CHECK((e[2].kind == Kind::unmap && e[2].address == 0x1000));
}

// As valgrind 3.19 logs `zstd -1qc`, which compresses in threads.
TEST_CASE("lackey: a call that waits while another thread runs is followed by an empty line") {
  const auto e = read(
      "I  04941f14,2\n"
      "SYSCALL[9700,2](202) sys_futex ( 0x4036b08, 393, 0, 0x0, 0x0 ) --> [async] ... \n"
      "\n"
      "I  049c4b42,3\n"
      "SYSCALL[9700,1](9) sys_mmap ( 0x0, 8192, 3, 34, 4294967295, 0 ) --> [pre-success] Success(0x5d36000) \n"
      "SYSCALL[9700,2](202) ... [async] --> Success(0x0) \n");
  REQUIRE(e.size() == 3);
  CHECK((e[0].kind == Kind::fetch && e[0].address == 0x4941f14));
  CHECK((e[1].kind == Kind::fetch && e[1].address == 0x49c4b42));
  CHECK((e[2].kind == Kind::map && e[2].address == 0x5d36000 && e[2].length == 8192));
}

TEST_CASE("lackey: children, exec, exit") {
  const auto e = read(
      "SYSCALL[6572,1](56) sys_clone ( 1200011, 0x0, 0x0, 0x4a29a10, 0x0 )   clone(fork): process 6572 created child "
      "6573\n"
      " --> [pre-success] Success(0x19ad) \n"
      "SYSCALL[6572,1](58) sys_fork ( )   fork: process 6572 created child 6574\n"
      " --> [pre-success] Success(0x19ae) \n"
      "SYSCALL[6572,1](56) sys_clone ( 3d0f00, 0x528df70, 0x528e990, 0x528e990, 0x528e6c0 ) --> [pre-success] "
      "Success(0x19af) \n"
      "SYSCALL[6572,1](59) sys_execve ( 0x10a004(/no such), 0x1fff000570, 0x1fff000738 ) --> [pre-fail] Failure(0x2) \n"
      "SYSCALL[6572,1](59) sys_execve ( 0x10a004(/no such), 0x1fff000570, 0x1fff000738 )\n --> [pre-fail] Failure(0x2) "
      "\n"
      "SYSCALL[6572,1](59) sys_execve ( 0x10a004(/bin/true), 0x1fff000570, 0x1fff000738 )\n"
      "I  0401ab70,3\n"
      "SYSCALL[6572,1](231) exit_group( 3 ) --> [pre-success] Success(0x0) \n"
      "SYSCALL[6572,1](59) sys_execve ( 0x10a004(/bin/true), 0x1fff000570, 0x1fff000738 )");
  REQUIRE(e.size() == 6);
  CHECK((e[0].kind == Kind::fork && e[0].pid == 6573));
  CHECK((e[1].kind == Kind::fork && e[1].pid == 6574));
  CHECK(e[2].kind == Kind::exec);
  CHECK((e[3].kind == Kind::fetch && e[3].address == 0x401ab70));
  CHECK(e[4].kind == Kind::exit);
  CHECK(e[5].kind == Kind::exec);  // at the end of the log
}

TEST_CASE("lackey: malformed lines are refused with file, line and reason") {
  CHECK(refused("I  0401ab70,3\nI  0401ab7g,3\n") == "log:2: address of the reference is malformed");
  CHECK(refused(" L ,3\n") == "log:1: address of the reference is malformed");
  CHECK(refused(" L 12345678123456789,3\n") == "log:1: address of the reference is malformed");
  CHECK(refused(" L 1000\n") == "log:1: address of the reference is malformed");
  CHECK(refused(" L 1000,\n") == "log:1: size of the reference is malformed");
  CHECK(refused(" L 1000,8 \n") == "log:1: size of the reference is malformed");
  CHECK(refused(" L 1000,-8\n") == "log:1: size of the reference is malformed");
  CHECK(refused(" L 1000,0\n") == "log:1: size of the reference is not 1 to 512");
  CHECK(refused(" L 1000,513\n") == "log:1: size of the reference is not 1 to 512");
  CHECK(refused(" L 1000,99999999999999999999\n") == "log:1: size of the reference is malformed");
  CHECK(refused(" S ffffffffffffffff,8\n") == "log:1: reference passes the end of the address space");
  CHECK(refused("I  0401ab70,3") == "log:1: last line is cut off");
  CHECK(refused(" X 1000,8\n") == "log:1: not a line of a lackey log");
  CHECK(refused(" \n") == "log:1: not a line of a lackey log");
  CHECK(refused("hello\n") == "log:1: not a line of a lackey log");
  CHECK(refused("SYSCALL[1,x](9) sys_mmap\n") == "log:1: head of the system call is malformed");
  CHECK(refused("SYSCALL[1,1](9) sys_mmap 0x0\n") == "log:1: arguments of the system call are malformed");
  CHECK(refused("SYSCALL[1,1](9) sys_mmap ( 0x0, zz\n") == "log:1: arguments of the system call are malformed");
  CHECK(refused("SYSCALL[1,1](9) sys_mmap ( 0x0, 4096 ) --> Success(0x0)\n") ==
        "log:1: the system call has too few arguments");
  CHECK(refused("SYSCALL[1,1](12) sys_brk ( 0x0 ) --> Success(zz)\n") == "log:1: result of a system call is malformed");
  CHECK(refused("SYSCALL[1,1](12) sys_brk ( 1, 2, 3, 4, 5, 6, 7 ) --> Success(0x1)\n") ==
        "log:1: arguments of the system call are malformed");
  CHECK(refused("SYSCALL[1,1](57) sys_fork ( )   fork: process 1 created child x\n") ==
        "log:1: process number of the child is malformed");
  CHECK(refused(" --> what\n") == "log:1: result of a system call is malformed");
  CHECK(refused(std::string(LineSource::kMaxLine + 5, 'x')) == "log:1: not a line of a lackey log");
}

TEST_CASE("lackey: a pipe is read in constant memory, lines across its pieces are whole") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::string text;
  for (int n = 0; n < 400; ++n) text += " S 1fff000708,8\nI  0401ab70,3\n";
  REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  close(ends[1]);
  LackeyReader reader(LineSource::from_descriptor(ends[0], "pipe"));
  u64 count = 0;
  for (TraceEvent e; reader.next(e); ++count) CHECK(e.address == (count % 2 == 0 ? 0x1fff000708u : 0x401ab70u));
  CHECK(count == 800);

  int longer[2];
  REQUIRE(pipe(longer) == 0);
  const pid_t child = ::fork();
  if (child == 0) {  // an endless line
    close(longer[0]);
    const std::string piece(65536, 'x');
    for (int n = 0; n < 40; ++n) {
      if (::write(longer[1], piece.data(), piece.size()) < 0) break;
    }
    _exit(0);
  }
  close(longer[1]);
  LackeyReader endless(LineSource::from_descriptor(longer[0], "pipe"));
  TraceEvent e;
  CHECK_THROWS_WITH(endless.next(e), "pipe:1: line is longer than 1 MiB");
}

TEST_CASE("lackey: no such file") { CHECK_THROWS_AS(LackeyReader::open("/nonexistent/log"), UserError); }

TEST_CASE("lackey: damaged logs are read or refused, never worse") {
  std::ifstream file(test::trace_path("28872"));
  std::stringstream content;
  content << file.rdbuf();
  const std::string whole =
      content.str().substr(0, 3000) +
      "SYSCALL[1,1](9) sys_mmap ( 0x0, 16400, 1, 2050, 4, 4096 ) --> [pre-success] Success(0x4837000) \n"
      "SYSCALL[1,1](57) sys_fork ( )   fork: process 1 created child 2\n --> Success(0x2)\n"
      "SYSCALL[1,1](59) sys_execve ( 0x1(/bin/true), 0x1, 0x1 )\n";
  REQUIRE(whole.size() > 1000);
  u64 refusals = 0;
  for (u64 seed = 1; seed <= 3000; ++seed) {
    Random random(seed);
    std::string text = whole;
    for (u64 n = 1 + random.below(4); n > 0 && !text.empty(); --n) {
      const size_t at = random.below(text.size());
      switch (random.below(4)) {
        case 0:
          text[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          text.erase(at, random.below(40));
          break;
        case 2:
          text.insert(at, text.substr(random.below(text.size()), random.below(60)));
          break;
        default:
          text.resize(at + 1);
      }
    }
    INFO("seed " << seed);
    CHECK(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()) == 0);
    refusals += !refused(text).empty();
  }
  CHECK(refusals > 1000);
}

}  // namespace
}  // namespace kilburn::os
