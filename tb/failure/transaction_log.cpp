// SPDX-License-Identifier: Apache-2.0
//
// Ended transactions go to a file as they end, with clocks in place of times.
#include "tb/failure/transaction_log.h"

#include <unistd.h>

#include <utility>

#include "tb/errors.h"
#include "tb/text.h"

namespace kilburn::tb {
namespace fs = std::filesystem;
using arch::u64;

namespace {

[[noreturn]] void cannot_write(const fs::path& path) {
  throw EnvironmentError("the transactions " + path.string() + " cannot be written");
}

template <class Record>
void append(std::FILE* file, const Record* records, std::size_t count = 1) {
  std::fwrite(records, sizeof(Record), count, file);  // looked at before they are read
}

template <class Record>
bool next(std::FILE* file, Record* records, std::size_t count = 1) {
  return std::fread(records, sizeof(Record), count, file) == count;
}

void rewind_written(std::FILE* file, const fs::path& path) {
  if (std::fflush(file) != 0 || std::ferror(file) != 0) cannot_write(path);
  std::rewind(file);
}

}  // namespace

TransactionLog::TransactionLog(const fs::path& waves)
    : waves_(waves), path_(fs::path(waves).replace_filename(kFileName)) {
  std::error_code ec;
  fs::remove(path_, ec);  // of an earlier run in the same folder
  ended_ = keep(".ended");
  relations_ = keep(".relations");
}

TransactionLog::File TransactionLog::keep(const char* ending) {
  const fs::path kept = path_.string() + ending;
  File file(std::fopen(kept.c_str(), "w+b"));
  if (!file) cannot_write(path_);
  ::unlink(kept.c_str());
  return file;
}

unsigned TransactionLog::add_stream(std::string name) {
  streams_.push_back(std::move(name));
  return static_cast<unsigned>(streams_.size() - 1);
}

unsigned TransactionLog::generator(unsigned stream, const std::string& name) {
  for (std::size_t n = 0; n < generators_.size(); ++n) {
    if (generators_[n].stream == stream && generators_[n].name == name) return static_cast<unsigned>(n);
  }
  generators_.push_back({name, stream});
  return static_cast<unsigned>(generators_.size() - 1);
}

TransactionLog::Id TransactionLog::begin(unsigned generator, Edge edge) {
  const Id id{++last_, generators_[generator].stream};
  open_[id.number] = {{id.number, at(edge), {}, generator, 0}, {}};
  return id;
}

u64 TransactionLog::number_of(std::string_view text) {
  const auto [found, is_new] = text_numbers_.try_emplace(std::string(text), texts_.size());
  if (is_new) texts_.emplace_back(text);
  return found->second;
}

void TransactionLog::attribute(Id id, Moment moment, Kind kind, std::string_view name, u64 value) {
  const auto found = open_.find(id.number);
  if (found != open_.end()) found->second.attributes.push_back({moment, kind, number_of(name), value});
}

void TransactionLog::number(Id id, Moment moment, std::string_view name, u64 value) {
  attribute(id, moment, Kind::number, name, value);
}

void TransactionLog::address(Id id, Moment moment, std::string_view name, u64 value) {
  attribute(id, moment, Kind::address, name, value);
}

void TransactionLog::text(Id id, Moment moment, std::string_view name, std::string_view value) {
  attribute(id, moment, Kind::text, name, number_of(value));
}

void TransactionLog::end(Id id, Edge edge) {
  if (const auto found = open_.find(id.number); found != open_.end()) end_at(found, at(edge));
}

void TransactionLog::end_at(std::map<u64, Open>::iterator ending, const At& edge) {
  Open& open = ending->second;
  open.head.end = edge;
  open.head.attributes = open.attributes.size();
  append(ended_.get(), &open.head);
  append(ended_.get(), open.attributes.data(), open.attributes.size());
  open_.erase(ending);
}

void TransactionLog::end_all(std::string_view why) {
  while (!open_.empty()) {
    const auto first = open_.begin();
    text({first->first, 0}, Moment::end, "note", why);
    end_at(first, {clocks_, resets_});
  }
}

void TransactionLog::relate(std::string_view name, Id source, Id sink) {
  const Relation relation{number_of(name), source.number, sink.number, source.stream, sink.stream};
  append(relations_.get(), &relation);
}

void TransactionLog::reset() {
  end_all("lost by the reset");
  ++resets_;
}

void TransactionLog::write() {
  end_all("not ended in the waves");
  if (clocks_ == 0) return;
  rewind_written(ended_.get(), path_);
  rewind_written(relations_.get(), path_);
  std::error_code ec;
  int time_scale = 0;
  std::optional<ClockTimes> times;
  try {
    const FstFile waves(waves_);
    time_scale = waves.time_scale();
    times = ClockTimes::of(waves.begin(), waves.end(), clocks_, resets_);
  } catch (const UserError&) {
    cannot_write(path_);
  }
  if (!times) return;
  const fs::path made = path_.string() + ".new";
  FtrWriter writer(made, time_scale);
  try {
    copy(writer, *times);
    if (!writer.close()) cannot_write(path_);
  } catch (...) {
    fs::remove(made, ec);
    throw;
  }
  fs::rename(made, path_, ec);
  if (ec) cannot_write(path_);
}

void TransactionLog::copy(FtrWriter& writer, const ClockTimes& times) {
  std::vector<u64> streams(streams_.size()), generators;  // their numbers; of streams only those that are not empty
  for (const Generator& g : generators_) {
    u64& stream = streams[g.stream];
    if (stream == 0) stream = writer.add_stream(streams_[g.stream]);
  }
  for (const Generator& g : generators_) generators.push_back(writer.add_generator(g.name, streams[g.stream]));
  Head head{};
  std::vector<Attribute> kept;
  std::vector<FtrWriter::Attribute> attributes;
  while (next(ended_.get(), &head)) {
    kept.resize(head.attributes);
    if (!next(ended_.get(), kept.data(), kept.size())) cannot_write(path_);
    attributes.clear();
    for (const Attribute& a : kept) {
      attributes.push_back({a.moment, texts_[a.name], a.value});
      if (a.kind == Kind::address) attributes.back().value = hex(a.value);
      if (a.kind == Kind::text) attributes.back().value = texts_[a.value];
    }
    writer.transaction(head.id, generators[head.generator], times(head.begin.clock, head.begin.resets),
                       times(head.end.clock, head.end.resets), attributes);
  }
  Relation relation{};
  while (next(relations_.get(), &relation)) {
    writer.relation(texts_[relation.name], {relation.source, streams[relation.source_stream]},
                    {relation.sink, streams[relation.sink_stream]});
  }
}

}  // namespace kilburn::tb
