// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The roles of the one AccessManager. Which functions they open is set there at deployment:
///      TAKEDOWN `AssetRegistry.setFrozen`; TREASURY `Settlement.setTreasury`; PAUSER `pause` and `unpause` of
///      Licenses and Settlement. OPERATOR opens no function: Settlement asks whether a batch's signer has it.
uint64 constant OPERATOR = 1;
uint64 constant TAKEDOWN = 2;
uint64 constant TREASURY = 3;
uint64 constant PAUSER = 4;
