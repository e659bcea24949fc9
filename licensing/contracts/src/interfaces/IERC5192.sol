// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Minimal soulbound tokens (ERC-5192, final)
interface IERC5192 {
    /// @notice The token can never change hands.
    event Locked(uint256 tokenId);

    /// @notice Whether the token is bound to its owner. Throws for a token that does not exist.
    function locked(uint256 tokenId) external view returns (bool);
}
