// SPDX-License-Identifier: Apache-2.0
//
// A directed test: page-table words, then operations on the ports of one DUT, as a text that people read and edit.
//
//   kilburn-test 1
//   format x86-64
//   config 0x128                                   layout.def Config, the word of the configuration pins
//   seed 7                                         of memory's timing and what reset leaves undefined; or --seed's
//   memory bytes=0x1000000 latency=1:1 ready=100   accesses outside are bus errors; ready in percent
//   word 0x100ff8 0x101067                         page-table memory at the start; a word not given is 0
//   context root=0x100000 asid=1 controls=0x10 pkru=0 pkrs=0   with waits: until no request stands at a port
//   read va=0x7f0000001000 mode=user id=3          also write; with ac, implicit, hold=N: the response waits N cycles
//   fetch va=0x7f0000001000 mode=user id=0
//   +4 edit 0x101000 0                             software writes a word
//   invalidate PAGE va=0x7f0000001000 asid=1 pte=0
//
// An operation begins when everything before it is answered; with `+N` in front, N cycles after the one before it has
// begun. '#' begins a comment. Numbers are hexadecimal with 0x in front, decimal without.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "model/arch/judgement.h"
#include "tb/lockstep/history.h"
#include "tb/lockstep/memory_port.h"

namespace kilburn::tb {

struct Operation {
  enum class Kind : arch::u8 { context, request, edit, invalidation };
  Kind kind = Kind::context;
  bool settled = true;    // begins when everything before it is answered; else `after` counts
  arch::u64 after = 0;    // cycles from the beginning of the operation before it
  arch::Context context;  // kind context
  bool waits = false;     // kind context: until no request stands at a port, which would be of it

  // Kind request.
  Side side = Side::data;
  arch::Request request;
  arch::u8 id = 0;
  arch::u64 hold = 0;  // cycles for which its response is not taken

  arch::u8 inv = 0;        // kind invalidation: layout.def Inv
  arch::u64 inv_va = 0;    // kind invalidation
  arch::u16 inv_asid = 0;  // kind invalidation
  arch::u64 pa = 0;        // kind edit
  arch::u64 value = 0;     // kind edit: the word; kind invalidation: the entry of a fill
};

struct DirectedTest {
  arch::Format format = arch::Format::x86_64;
  arch::Settings settings;
  arch::u64 seed = 1;
  arch::u64 memory_bytes = arch::u64{1} << 24;
  MemoryTiming timing;
  std::vector<std::pair<arch::u64, arch::u64>> words;  // address and value
  std::vector<Operation> operations;
};

// One line, without the end of line.
std::string text(const Operation&);
// The whole file; each of `comments` becomes a line after the first.
void write(std::ostream&, const DirectedTest&, const std::vector<std::string>& comments);

// `name` is for messages. Throws UserError with file and line.
DirectedTest read_directed_test(std::istream&, const std::string& name);
DirectedTest read_directed_test(const std::filesystem::path&);

}  // namespace kilburn::tb
