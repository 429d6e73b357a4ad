// SPDX-License-Identifier: Apache-2.0
//
// What areas can map besides memory of their own: a file, a segment of shared memory. An object counts
// the areas that map it by itself: each area holds an ObjectRef.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <unordered_map>

#include "sw/core/types.h"

namespace kilburn::os {

struct PageObject {
  PageObject(u32 id, u64 bytes) : number(id), length(bytes) {}
  virtual ~PageObject() = default;
  PageObject(const PageObject&) = delete;
  PageObject& operator=(const PageObject&) = delete;

  // The first two of an area's ten operations (vm_ops.h): an area came to be, or ended; splits, merges,
  // fork and exit included.
  virtual void open() { ++areas; }
  virtual void close() { --areas; }

  u32 number;     // as in Backing::file
  u64 length;     // bytes; a page that starts past it is SIGBUS
  u32 areas = 0;  // that map it
};

// A file of the file disk, with its read-ahead window (L24 f_raend, f_ramax).
struct FileObject : PageObject {
  using PageObject::PageObject;
  struct Written {
    u32 generation = 0;
    u32 checksum = 0;
  };
  static constexpr u32 kWindowLeast = 3, kWindowMost = 31;  // pages (L24 MIN_READAHEAD, MAX_READAHEAD)

  u64 disk_place = 0;
  std::unordered_map<u64, Written> written;  // by page: those that have been written to the disk
  u64 last_index = ~u64{0};                  // the page that was asked for last
  u64 ahead_end = 0;                         // past the last page that was read ahead
  u32 window = kWindowLeast;
};

// A segment of shared memory (L20 shmid_ds): where its pages are that are not in memory.
struct SharedSegment : PageObject {
  using PageObject::PageObject;
  static constexpr u32 kLost = ~u32{0};  // an I/O error took the page

  void open() override {
    PageObject::open();
    ++opened;
  }

  u32 key = 0;
  u64 opened = 0;                      // areas there ever were
  bool removed = false;                // IPC_RMID: goes with the last area
  std::unordered_map<u64, u32> slots;  // by page: swap slot, or kLost
};

inline void intrusive_ptr_add_ref(PageObject* object) { object->open(); }
inline void intrusive_ptr_release(PageObject* object) { object->close(); }  // Memory ends what is over
using ObjectRef = boost::intrusive_ptr<PageObject>;

}  // namespace kilburn::os
