// SPDX-License-Identifier: Apache-2.0
//
// The headers that Verilator generated and its run time, exempt from this project's warnings.
#pragma once
#pragma GCC system_header

#include KILBURN_DUT_MODEL_HEADER
#include KILBURN_DUT_ROOT_HEADER
#ifdef KILBURN_DUT_BUG_HEADER
#include KILBURN_DUT_BUG_HEADER
#endif
#include <verilated.h>
#if VM_COVERAGE
#include <verilated_cov.h>
#endif
#if VM_TRACE
#include <verilated_fst_c.h>
#endif
