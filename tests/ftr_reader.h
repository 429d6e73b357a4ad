// SPDX-License-Identifier: Apache-2.0
//
// Reads an FTR file as the README of LWTR4SC describes it, and CBOR as RFC 8949 does (3.1 has the major types); throws
// std::runtime_error for anything that is not so. Chunks' contents are byte strings, the info chunk's too: what that
// README leaves open there is how its own files have it. libcbor 0.8, which writes our files, reads no tags from 6
// to 20.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/folder.h"

namespace kilburn::test {

struct Ftr {
  using Number = std::uint64_t;
  struct Generator {
    std::string name;
    Number stream;
  };
  struct Transaction {
    Number generator, begin, end;
    std::map<std::string, std::string> values;  // numbers in decimal
    std::map<std::string, unsigned> moments;    // 7 begin, 8 during, 9 end
    std::string operator[](const std::string& name) const {
      const auto found = values.find(name);
      return found == values.end() ? "" : found->second;
    }
  };
  struct Relation {
    std::string name;
    Number source, sink, source_stream, sink_stream;
  };
  int time_scale = 0;
  std::map<Number, std::string> streams;
  std::map<Number, Generator> generators;
  std::map<Number, Transaction> transactions;
  std::vector<Relation> relations;
  std::map<unsigned, unsigned> chunks;  // by tag

  const std::string& generator_of(const Transaction& t) const { return generators.at(t.generator).name; }
};

namespace ftr {

inline void require(bool is, const std::string& what) {
  if (!is) throw std::runtime_error("not FTR: " + what);
}

// An item with its parts.
class Item {
 public:
  static Item load(const std::string& bytes) {
    std::size_t at = 0;
    Item item(bytes, at);
    require(at == bytes.size(), "bytes behind the item");
    return item;
  }
  Ftr::Number number() const { return of(kUnsigned, "no unsigned number"), value_; }
  int signed_number() const {
    if (major_ == kNegative) return -1 - static_cast<int>(value_);
    return static_cast<int>(number());
  }
  std::string text() const { return of(kText, "no text"), bytes_; }
  Item inside() const { return of(kBytes, "no byte string"), load(bytes_); }  // what a byte string holds
  std::size_t size() const { return of(kArray, "no array"), parts_.size(); }
  bool indefinite() const { return of(kArray, "no array"), indefinite_; }
  const Item& operator[](std::size_t n) const { return parts_.at(n); }
  Ftr::Number tag() const { return of(kTag, "no tag"), value_; }
  const Item& tagged() const { return of(kTag, "no tag"), parts_.at(0); }
  std::map<Ftr::Number, std::string> strings() const {
    of(kMap, "no map");
    std::map<Ftr::Number, std::string> all;
    for (std::size_t n = 0; n < parts_.size(); n += 2) all[parts_[n].number()] = parts_[n + 1].text();
    return all;
  }

 private:
  enum Major { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };

  Item(const std::string& from, std::size_t& at) {
    const auto byte = [&] {
      require(at < from.size(), "it is cut off");
      return static_cast<unsigned char>(from[at++]);
    };
    const unsigned first = byte(), low = first & 31;
    major_ = static_cast<Major>(first >> 5);
    require(major_ != kSimple, "an item of a kind that it has not");
    indefinite_ = low == 31;
    require(!indefinite_ || major_ == kArray, "another item than an array without a length");
    require(low < 28 || indefinite_, "a reserved length");
    value_ = low < 24 || indefinite_ ? low : 0;
    for (unsigned n = low < 24 || indefinite_ ? 0 : 1u << (low - 24); n != 0; --n) value_ = value_ << 8 | byte();
    if (major_ == kBytes || major_ == kText) {
      require(value_ <= from.size() - at, "it is cut off");
      bytes_ = from.substr(at, value_);
      at += value_;
    }
    const auto ends = [&] { return at < from.size() && static_cast<unsigned char>(from[at]) == 0xff; };
    if (indefinite_) {
      while (!ends()) parts_.push_back(Item(from, at));
      ++at;
      return;
    }
    const Ftr::Number parts = major_ == kArray ? value_ : major_ == kMap ? 2 * value_ : major_ == kTag ? 1 : 0;
    for (Ftr::Number n = 0; n < parts; ++n) parts_.push_back(Item(from, at));
  }
  void of(Major major, const char* otherwise) const { require(major_ == major, otherwise); }

  Major major_;
  bool indefinite_;
  Ftr::Number value_;
  std::string bytes_;
  std::vector<Item> parts_;
};

inline void read_transaction(const Item& entry, Ftr& ftr, std::map<Ftr::Number, std::string>& strings,
                             const Item& block) {
  const Item event = entry[0].tagged();
  require(entry[0].tag() == 6 && event.size() == 4, "a transaction begins without an event");
  Ftr::Transaction made{event[1].number(), event[2].number(), event[3].number(), {}, {}};
  require(ftr.generators.contains(made.generator), "a transaction of no generator");
  require(ftr.generators.at(made.generator).stream == block[0].number(), "a transaction in another stream's block");
  require(block[1].number() <= made.begin && made.end <= block[2].number(), "a transaction outside its block's time");
  for (std::size_t n = 1; n < entry.size(); ++n) {
    const auto moment = static_cast<unsigned>(entry[n].tag());
    const Item attribute = entry[n].tagged();
    require(moment >= 7 && moment <= 9 && attribute.size() == 3, "an attribute of an unknown kind");
    const std::string name = strings.at(attribute[0].number());
    const auto type = attribute[1].number(), value = attribute[2].number();
    require(type == 3 || type == 10, "an attribute of another type than UNSIGNED or STRING");
    made.values[name] = type == 3 ? std::to_string(value) : strings.at(value);
    made.moments[name] = moment;
  }
  require(ftr.transactions.emplace(event[0].number(), made).second, "two transactions of one number");
}

}  // namespace ftr

inline Ftr read_ftr(const std::filesystem::path& file) {
  using ftr::Item, ftr::require;
  const Item whole = Item::load(contents(file));
  require(whole.tag() == 55799, "it begins with another tag");
  const Item& all = whole.tagged();
  require(all.indefinite(), "the chunks are no array without a length");
  Ftr ftr;
  std::map<Ftr::Number, std::string> strings;
  for (std::size_t n = 0; n < all.size(); ++n) {
    const auto tag = static_cast<unsigned>(all[n].tag());
    const Item chunk = all[n].tagged();
    ++ftr.chunks[tag];
    require((tag == 6) == (n == 0), "the info chunk is not the first");
    if (tag == 6) {
      const Item info = chunk.inside();
      require(info.size() == 2 && info[1].tag() == 1, "info");
      ftr.time_scale = info[0].signed_number();
      require(info[1].tagged().number() > 0, "no time of creation");
    } else if (tag == 8) {
      for (const auto& [number, text] : chunk.inside().strings()) {
        require(strings.emplace(number, text).second, "a string's number comes twice");
      }
    } else if (tag == 10) {
      const Item directory = chunk.inside();
      require(directory.indefinite(), "the directory has a length");
      for (std::size_t m = 0; m < directory.size(); ++m) {
        const Item entry = directory[m].tagged();
        require(entry.size() == 3, "a directory entry");
        const auto id = entry[0].number();
        require(!ftr.streams.contains(id) && !ftr.generators.contains(id), "two entries of one number");
        if (directory[m].tag() == 16) {
          ftr.streams[id] = strings.at(entry[1].number());
          strings.at(entry[2].number());
        } else {
          require(directory[m].tag() == 17, "a directory entry of an unknown kind");
          require(ftr.streams.contains(entry[2].number()), "a generator of no stream");
          ftr.generators[id] = {strings.at(entry[1].number()), entry[2].number()};
        }
      }
    } else if (tag == 12) {
      require(chunk.size() == 4 && ftr.streams.contains(chunk[0].number()), "a block of no stream");
      const Item block = chunk[3].inside();
      require(block.indefinite(), "a block has a length");
      for (std::size_t m = 0; m < block.size(); ++m) ftr::read_transaction(block[m], ftr, strings, chunk);
    } else {
      require(tag == 14, "a chunk of an unknown kind");
      const Item relations = chunk.inside();
      require(relations.indefinite(), "the relations have a length");
      for (std::size_t m = 0; m < relations.size(); ++m) {
        const Item r = relations[m];
        require(r.size() == 5, "a relation");
        ftr.relations.push_back(
            {strings.at(r[0].number()), r[1].number(), r[2].number(), r[3].number(), r[4].number()});
      }
    }
  }
  return ftr;
}

}  // namespace kilburn::test
