// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who may fork what
interface IForkRights {
    /// @notice Whether `holder` may fork `parentId` by this license at this block, and what its forks owe the parent.
    ///         False, never a revert, for ids that do not exist.
    /// @return allowed The holder's license is valid for the asset and its terms allow forks.
    /// @return royaltyBps The part of a fork's earnings after the fee, in ten-thousandths, as the license was bought.
    function forkRight(uint256 licenseId, address holder, uint256 parentId)
        external
        view
        returns (bool allowed, uint16 royaltyBps);
}
