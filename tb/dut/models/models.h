// SPDX-License-Identifier: Apache-2.0
//
// The reference models as devices under test (`--dut arch`, `--dut tlm`): in this process, behind the
// contract of tb/dut/dut.h, for use with DutLibrary::wrap().
//
// They keep the protocol rules R1 to R10 of rtl/README.md; their timing is their own (config.exact 0). They
// follow the configuration pins and have every feature of their format. Each side holds one request; page-table
// reads and updates of the instruction side have id 0, those of the data side id 1. There are neither waves nor a
// view of the TLB nor seeded bugs.
#pragma once

#include "model/arch/types.h"
#include "tb/dut/dut.h"

namespace kilburn::tb {

// The decision core and no TLB: each request is arch::walk() over memory as it is.
const kilburn_dut_api& arch_dut(arch::Format);

// The loosely timed module tlm::Mmu. create() returns NULL if no module is free and simulation has started.
const kilburn_dut_api& tlm_dut(arch::Format);

// Makes modules for `instances` of tlm_dut(format) that live at the same time. SystemC takes no new module once
// simulation has started (IEEE 1666-2011 4.4), so this is called while modules are elaborated; create() takes one
// of them and destroy() gives it back.
void elaborate_tlm_duts(arch::Format, unsigned instances);

}  // namespace kilburn::tb
