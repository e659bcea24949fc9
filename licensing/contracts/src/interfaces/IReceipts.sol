// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";
import {IERC5192} from "./IERC5192.sol";

/// @notice What a contributor did for an asset. The numbers are part of the ABI: new roles are added at the end.
enum Role {
    AUTHOR,
    DATA,
    MODEL
}

/// @title A contributor's share in what an asset earns, bound to its holder for good
/// @notice `receiptId = assetId << 64 | position`: the receipts of an asset are numbered from 0 and never grow in number.
interface IReceipts is IERC721, IERC5192 {
    struct Receipt {
        /// Who earned the share. Never changes.
        address holder;
        /// Where claims are paid: the holder, until the holder names another address.
        address payout;
        /// The share in what the asset earns after the platform's fee, in ten-thousandths.
        uint16 shareBps;
        Role role;
    }

    event ReceiptMinted(
        uint256 indexed receiptId, uint256 indexed assetId, address indexed holder, uint16 shareBps, Role role
    );
    event PayoutChanged(uint256 indexed receiptId, address indexed previous, address indexed payout);

    /// The receipt belongs to its holder for good: it cannot be sent, and nobody can be approved to send it.
    /// The id is 0 where all of a holder's receipts were meant.
    error Soulbound(uint256 receiptId);
    error OnlyRegistry(address caller);
    error NotHolder(uint256 receiptId, address holder, address caller);
    error NoPayout(uint256 receiptId);

    /// @notice Mint the next receipt of an asset. Only the registry, and only while it registers the asset.
    function mint(uint256 assetId, address holder, uint16 shareBps, Role role) external returns (uint256 receiptId);

    /// @notice Send what the receipt earns to another address from now on. Only the holder.
    /// @dev Naming a second address early is the way not to lose the share with a lost signing key.
    function setPayout(uint256 receiptId, address payout) external;

    /// @notice The receipt; reverts where there is none.
    function getReceipt(uint256 receiptId) external view returns (Receipt memory);

    /// @notice How many receipts an asset has: their ids are `assetId << 64` up to that many.
    function countOf(uint256 assetId) external view returns (uint256);

    /// @notice The asset a receipt id belongs to, whether or not it was minted.
    function assetOf(uint256 receiptId) external pure returns (uint256 assetId);

    function registry() external view returns (address);
}
