#pragma once

// A portable build (BIOSSL_PORTABLE, cmake/levels.cmake) compiles its vector code several times, once for each level of
// instruction sets, and chooses one when the program starts (core/instruction_level.h). Any other build has one level.
//
// BIOSSL_LEVEL is the level that a file is compiled for. Vector code lies in a namespace of this name: otherwise the
// linker would keep one level's copy of a function for all of them. `one` is what is compiled once.
#ifndef BIOSSL_LEVEL
#define BIOSSL_LEVEL one
#endif
