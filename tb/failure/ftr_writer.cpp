// SPDX-License-Identifier: Apache-2.0
//
// The chunks of FTR, as its README numbers them; CBOR comes from libcbor.
#include "tb/failure/ftr_writer.h"

#include <cbor.h>

#include <algorithm>
#include <ctime>

namespace kilburn::tb {
using arch::u64;

namespace {

constexpr u64 kSelfDescribed = 55799, kEpoch = 1;  // RFC 8949, 3.4.6 and 3.4.2
// Chunks whose content is not compressed.
constexpr unsigned kInfo = 6, kDictionary = 8, kDirectory = 10, kTransactions = 12, kRelations = 14;
constexpr unsigned kStream = 16, kGenerator = 17;  // in the directory
constexpr unsigned kEvent = 6;                     // in a transaction
constexpr u64 kUnsigned = 3, kString = 10;         // types of an attribute
constexpr std::size_t kChunkBytes = 1 << 16;       // of a block or of relations, about
constexpr std::size_t kMostStrings = 1 << 16;      // remembered; later ones get a new number

using Bytes = std::vector<unsigned char>;

// One item at the end of `to`, by an encoder of libcbor.
template <class Encode>
void add(Bytes& to, Encode encode) {
  unsigned char item[9];  // the longest head
  const std::size_t size = encode(item, sizeof item);
  to.insert(to.end(), item, item + size);
}
template <class Value>
void add(Bytes& to, std::size_t (*encode)(Value, unsigned char*, std::size_t), std::type_identity_t<Value> value) {
  add(to, [&](unsigned char* item, std::size_t size) { return encode(value, item, size); });
}
void add_number(Bytes& to, u64 value) { add(to, cbor_encode_uint, value); }
void add_tag(Bytes& to, u64 tag) { add(to, cbor_encode_tag, tag); }
void add_array(Bytes& to, std::size_t size) { add(to, cbor_encode_array_start, size); }
void add_numbers(Bytes& to, std::initializer_list<u64> values) {
  add_array(to, values.size());
  for (const u64 value : values) add_number(to, value);
}
void add_bytes(Bytes& to, const Bytes& bytes) {
  add(to, cbor_encode_bytestring_start, bytes.size());
  to.insert(to.end(), bytes.begin(), bytes.end());
}
void open_array(Bytes& to) { add(to, cbor_encode_indef_array_start); }
void close_array(Bytes& to) { add(to, cbor_encode_break); }

}  // namespace

FtrWriter::FtrWriter(const std::filesystem::path& path, int time_scale) : file_(std::fopen(path.c_str(), "wb")) {
  good_ = file_ != nullptr;
  Bytes head, info;
  add_tag(head, kSelfDescribed);
  open_array(head);
  put(head);
  add_array(info, 2);
  if (time_scale < 0)
    add(info, cbor_encode_negint, static_cast<u64>(-1 - time_scale));
  else
    add_number(info, static_cast<u64>(time_scale));
  add_tag(info, kEpoch);
  add_number(info, static_cast<u64>(std::time(nullptr)));
  chunk(kInfo, info);
  string_id("");  // number 0, as in files of LWTR4SC
}

u64 FtrWriter::add_stream(std::string_view name) {
  if (directory_.empty()) open_array(directory_);
  const u64 id = ++items_;
  add_tag(directory_, kStream);
  add_numbers(directory_, {id, string_id(name), string_id("transactor")});
  blocks_[id] = {};
  return id;
}

u64 FtrWriter::add_generator(std::string_view name, u64 stream) {
  const u64 id = ++items_;
  add_tag(directory_, kGenerator);
  add_numbers(directory_, {id, string_id(name), stream});
  stream_of_[id] = stream;
  return id;
}

void FtrWriter::transaction(u64 id, u64 generator, u64 begin, u64 end, std::span<const Attribute> attributes) {
  flush_directory();
  const u64 stream = stream_of_.at(generator);
  Block& block = blocks_.at(stream);
  Bytes& to = block.content;
  if (to.empty()) {
    open_array(to);
    block.begin = begin, block.end = end;
  }
  block.begin = std::min(block.begin, begin);
  block.end = std::max(block.end, end);
  add_array(to, 1 + attributes.size());
  add_tag(to, kEvent);
  add_numbers(to, {id, generator, begin, end});
  for (const Attribute& attribute : attributes) {
    add_tag(to, static_cast<u64>(attribute.moment));
    const auto* number = std::get_if<u64>(&attribute.value);
    add_numbers(to, {string_id(attribute.name), number ? kUnsigned : kString,
                     number ? *number : string_id(std::get<std::string>(attribute.value))});
  }
  if (to.size() > kChunkBytes) flush_block(stream);
}

void FtrWriter::relation(std::string_view name, const End& source, const End& sink) {
  if (relations_.empty()) open_array(relations_);
  add_numbers(relations_, {string_id(name), source.id, sink.id, source.stream, sink.stream});
  if (relations_.size() > kChunkBytes) flush_relations();
}

bool FtrWriter::close() {
  flush_directory();
  for (u64 id = 1; id <= items_; ++id) {
    if (blocks_.contains(id)) flush_block(id);
  }
  flush_relations();
  Bytes end;
  close_array(end);
  put(end);
  return file_ && std::fclose(file_.release()) == 0 && good_;
}

u64 FtrWriter::string_id(std::string_view text) {
  if (strings_.size() >= kMostStrings) strings_.clear();
  const auto [at, is_new] = strings_.try_emplace(std::string(text), next_string_);
  if (is_new) new_strings_.emplace_back(next_string_++, text);
  return at->second;
}

void FtrWriter::chunk(unsigned tag, const Bytes& content) {
  Bytes whole;
  add_tag(whole, tag);
  add_bytes(whole, content);
  put(whole);
}

void FtrWriter::put(const Bytes& bytes) {
  good_ = good_ && std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size();
}

// Before every chunk that has their numbers.
void FtrWriter::flush_strings() {
  if (new_strings_.empty()) return;
  Bytes map;
  add(map, cbor_encode_map_start, new_strings_.size());
  for (const auto& [number, text] : new_strings_) {
    add_number(map, number);
    add(map, cbor_encode_string_start, text.size());
    map.insert(map.end(), text.begin(), text.end());
  }
  new_strings_.clear();
  chunk(kDictionary, map);
}

void FtrWriter::flush_directory() {
  if (directory_.empty()) return;
  flush_strings();
  close_array(directory_);
  chunk(kDirectory, directory_);
  directory_.clear();
}

void FtrWriter::flush_block(u64 stream) {
  Block& block = blocks_.at(stream);
  if (block.content.empty()) return;
  flush_strings();
  close_array(block.content);
  Bytes whole;
  add_tag(whole, kTransactions);
  add_array(whole, 4);
  for (const u64 value : {stream, block.begin, block.end}) add_number(whole, value);
  add_bytes(whole, block.content);
  put(whole);
  block.content.clear();
}

void FtrWriter::flush_relations() {
  if (relations_.empty()) return;
  flush_strings();
  close_array(relations_);
  chunk(kRelations, relations_);
  relations_.clear();
}

}  // namespace kilburn::tb
