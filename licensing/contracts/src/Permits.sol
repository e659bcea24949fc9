// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Permit} from "./interfaces/ISettlement.sol";

/// @title Permits that nobody can spoil
library Permits {
    /// @dev A permit can be taken from the pending transactions and sent first by anyone. It then fails here, but the
    ///      allowance is there; where it is not, the transfer that follows fails and says so.
    function use(Permit calldata permit, IERC20 currency, address owner, address spender) internal {
        try IERC20Permit(address(currency))
            .permit(owner, spender, permit.value, permit.deadline, permit.v, permit.r, permit.s) {}
            catch {}
    }
}
