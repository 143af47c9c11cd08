/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "include/program.h"

void matmul_f32(const Matmul *m);
void matmul_f16(const Matmul *m);
void matmul_bf16(const Matmul *m);
void get_row_f32(const uint8_t *w, uint32_t row, uint32_t k, float *y);
void get_row_f16(const uint8_t *w, uint32_t row, uint32_t k, float *y);
void get_row_bf16(const uint8_t *w, uint32_t row, uint32_t k, float *y);
int is_finite_f32(const uint8_t *w, size_t elements);
int is_finite_f16(const uint8_t *w, size_t elements);
int is_finite_bf16(const uint8_t *w, size_t elements);
