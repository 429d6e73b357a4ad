// SPDX-License-Identifier: Apache-2.0
//
// Transactions of a run, kept beside its wave file while that is open, and written as an FTR file with the wave file's
// times once it is closed: where its clocks lie is known only then.
//
// A transaction lasts from one clock edge to another, so those of one generator that follow each other do not overlap.
#pragma once

#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tb/failure/ftr_writer.h"
#include "tb/failure/wave_time.h"

namespace kilburn::tb {

class TransactionLog {
 public:
  struct Id {
    arch::u64 number = 0;  // from 1; 0: none
    unsigned stream = 0;
    explicit operator bool() const { return number != 0; }
    bool operator==(const Id&) const = default;
  };
  using Moment = FtrWriter::Moment;
  // The edge that begins the clock that clock() will end, or the one that ends it.
  enum class Edge : arch::u8 { begin, end };

  // `waves`: the DUT's file; transactions.ftr comes to stand beside it. Throws EnvironmentError.
  explicit TransactionLog(const std::filesystem::path& waves);

  unsigned add_stream(std::string name);
  unsigned generator(unsigned stream, const std::string& name);  // made when it is first asked for

  Id begin(unsigned generator, Edge = Edge::begin);
  void number(Id, Moment, std::string_view name, arch::u64 value);
  void address(Id, Moment, std::string_view name, arch::u64 value);  // shown as 0x1f000
  void text(Id, Moment, std::string_view name, std::string_view value);
  void end(Id, Edge = Edge::end);
  bool is_open(Id id) const { return open_.contains(id.number); }
  // Both have begun; that of the source is not later.
  void relate(std::string_view name, Id source, Id sink);

  void clock() { ++clocks_; }
  // What is open ends with the last clock, marked.
  void reset();

  // The DUT has closed its file, and other signals are in it: what is open ends here, marked. Throws
  // EnvironmentError; then there is no transactions.ftr, as also where the waves have another clock.
  void write();

  static constexpr const char* kFileName = "transactions.ftr";

 private:
  struct At {
    arch::u64 clock;   // that begins there
    arch::u64 resets;  // before
  };
  enum class Kind : arch::u32 { number, address, text };
  struct Attribute {
    Moment moment;
    Kind kind;
    arch::u64 name, value;  // a text is its number
  };
  struct Head {
    arch::u64 id;
    At begin, end;
    arch::u64 generator, attributes;
  };
  struct Open {
    Head head;
    std::vector<Attribute> attributes;
  };
  struct Relation {
    arch::u64 name, source, sink, source_stream, sink_stream;
  };
  struct Generator {
    std::string name;
    unsigned stream;
  };
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Close>;

  File keep(const char* ending);
  At at(Edge edge) const { return {clocks_ + (edge == Edge::end ? 1 : 0), resets_}; }
  void attribute(Id, Moment, Kind, std::string_view name, arch::u64 value);
  arch::u64 number_of(std::string_view text);
  void end_at(std::map<arch::u64, Open>::iterator, const At&);
  void end_all(std::string_view why);
  void copy(FtrWriter&, const ClockTimes&);

  std::filesystem::path waves_, path_;
  File ended_, relations_;  // without names, so that they go with the run however that ends
  std::map<arch::u64, Open> open_;
  std::vector<std::string> streams_;
  std::vector<Generator> generators_;
  std::vector<std::string> texts_;  // names, and values of a small set
  std::unordered_map<std::string, arch::u64> text_numbers_;
  arch::u64 last_ = 0;
  arch::u64 clocks_ = 0;
  arch::u32 resets_ = 0;
};

}  // namespace kilburn::tb
