// SPDX-License-Identifier: Apache-2.0
//
// Watermark presets; what a memory layout can be.
#include "sw/mm/zone.h"

#include <algorithm>

namespace kilburn::os {

std::string_view name(ZoneKind kind) {
  switch (kind) {
    case ZoneKind::dma:
      return "DMA";
    case ZoneKind::normal:
      return "NORMAL";
    case ZoneKind::highmem:
      break;
  }
  return "HIGHMEM";
}

Watermarks watermarks(WatermarkPreset preset, ZoneKind kind, u32 zone_frames, u32 all_frames) {
  const u32 most = zone_frames / 16;
  switch (preset) {
    case WatermarkPreset::off:
      return {};
    case WatermarkPreset::classic20: {
      // 1/128 of memory, at least 24 frames, and 24 for the buffers on top; low 1.5 times, high twice.
      const u64 all = std::max<u32>(all_frames / 128, 24) + 24u;
      const u32 min = std::min(static_cast<u32>(all * zone_frames / std::max<u32>(all_frames, 1)), most);
      return {min, min + min / 2, 2 * min};
    }
    case WatermarkPreset::zoned24:
      break;
  }
  // 1/32 of DMA, 1/128 of the others, within 10 and 255; low twice, high three times.
  const u32 part = zone_frames / (kind == ZoneKind::dma ? 32 : 128);
  const u32 min = std::min(std::clamp<u32>(part, 10, 255), most);
  return {min, 2 * min, 3 * min};
}

std::vector<std::string> PhysicalLayout::problems() const {
  std::vector<std::string> out;
  if (nodes < 1 || nodes > kMaxNodes) {
    out.push_back(std::to_string(nodes) + " nodes: there can be 1 to " + std::to_string(kMaxNodes));
  } else if (nodes > 1 && frames / nodes < 2) {
    out.push_back(std::to_string(frames) + " frames are too few for " + std::to_string(nodes) + " nodes");
  }
  if (u64{dma_frames} + highmem_frames > frames) {
    out.push_back("zones DMA and HIGHMEM of " + std::to_string(dma_frames) + " and " + std::to_string(highmem_frames) +
                  " frames do not fit in " + std::to_string(frames) + " frames");
  } else if (highmem_frames != 0 && u64{dma_frames} + highmem_frames == frames) {
    // Page tables and the kernel's own data live below HIGHMEM.
    out.push_back("zones DMA and HIGHMEM leave no frame for NORMAL");
  }
  return out;
}

}  // namespace kilburn::os
