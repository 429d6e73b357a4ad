// SPDX-License-Identifier: Apache-2.0
//
// The page cache: frames by (object, page), looked up before any device (L24 page_hash_table).
#pragma once

#include <boost/intrusive/unordered_set.hpp>
#include <vector>

#include "sw/core/random.h"
#include "sw/mm/frame.h"
#include "sw/mm/page_object.h"

namespace kilburn::os {

class PageCache {
 public:
  explicit PageCache(u32 frames) : buckets_(bucket_count(frames)), set_({buckets_.data(), buckets_.size()}) {}
  ~PageCache() { set_.clear(); }

  Frame* find(const PageObject& object, u64 index) {
    ++lookups_;
    const auto at = set_.find(Key{&object, index});
    if (at == set_.end()) return nullptr;
    ++hits_;
    return &*at;
  }
  void insert(Frame& frame, PageObject& object, u64 index) {
    frame.object = &object;
    frame.index = index;
    set_.insert(frame);
  }
  void erase(Frame& frame) {
    set_.erase(set_.iterator_to(frame));
    frame.object = nullptr;
  }
  size_t size() const { return set_.size(); }
  u64 lookups() const { return lookups_; }
  u64 hits() const { return hits_; }

 private:
  struct Key {
    const PageObject* object;
    u64 index;
    bool operator==(const Key&) const = default;
  };
  struct KeyOf {
    using type = Key;
    Key operator()(const Frame& frame) const { return {frame.object, frame.index}; }
  };
  struct Hash {
    size_t operator()(const Key& key) const { return mix((u64{key.object->number} << 40) ^ key.index); }
  };
  using Set = bi::unordered_set<Frame, bi::member_hook<Frame, FrameHash, &Frame::hash>, bi::key_of_value<KeyOf>,
                                bi::hash<Hash>, bi::power_2_buckets<true>>;

  static size_t bucket_count(u32 frames) {
    size_t n = 16;
    while (n < frames) n *= 2;
    return n;
  }

  std::vector<Set::bucket_type> buckets_;
  Set set_;
  u64 lookups_ = 0, hits_ = 0;
};

}  // namespace kilburn::os
