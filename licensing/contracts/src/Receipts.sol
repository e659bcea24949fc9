// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC5192} from "./interfaces/IERC5192.sol";
import {IReceipts, Role} from "./interfaces/IReceipts.sol";

/// @title Receipts
/// @notice Says who contributed to an asset and what share of its earnings is theirs, for good.
/// @dev Trusts the registry to mint. Always true: a receipt's holder, share and role are as minted; only the holder
///      changes where it is paid.
contract Receipts is IReceipts, ERC721 {
    struct Entitlement {
        address payout;
        uint16 shareBps;
        Role role;
    }

    address public immutable override registry;
    mapping(uint256 assetId => uint256) public override countOf;
    mapping(uint256 receiptId => Entitlement) private _entitlements;

    constructor() ERC721("Qanat Receipt", "QREC") {
        registry = msg.sender;
    }

    function mint(uint256 assetId, address holder, uint16 shareBps, Role role)
        external
        override
        returns (uint256 receiptId)
    {
        if (msg.sender != registry) revert OnlyRegistry(msg.sender);
        receiptId = assetId << 64 | countOf[assetId]++;
        _entitlements[receiptId] = Entitlement(holder, shareBps, role);
        _mint(holder, receiptId);
        emit ReceiptMinted(receiptId, assetId, holder, shareBps, role);
        emit Locked(receiptId);
    }

    function setPayout(uint256 receiptId, address payout) external override {
        address holder = _requireOwned(receiptId);
        if (msg.sender != holder) revert NotHolder(receiptId, holder, msg.sender);
        if (payout == address(0)) revert NoPayout(receiptId);
        Entitlement storage entitlement = _entitlements[receiptId];
        address previous = entitlement.payout;
        entitlement.payout = payout;
        emit PayoutChanged(receiptId, previous, payout);
    }

    function getReceipt(uint256 receiptId) external view override returns (Receipt memory) {
        address holder = _requireOwned(receiptId);
        Entitlement storage entitlement = _entitlements[receiptId];
        return Receipt(holder, entitlement.payout, entitlement.shareBps, entitlement.role);
    }

    function assetOf(uint256 receiptId) external pure override returns (uint256 assetId) {
        return receiptId >> 64;
    }

    function locked(uint256 receiptId) external view override returns (bool) {
        _requireOwned(receiptId);
        return true;
    }

    function approve(address, uint256 receiptId) public pure override(ERC721, IERC721) {
        revert Soulbound(receiptId);
    }

    function setApprovalForAll(address, bool) public pure override(ERC721, IERC721) {
        revert Soulbound(0);
    }

    function supportsInterface(bytes4 interfaceId) public view override(ERC721, IERC165) returns (bool) {
        return interfaceId == type(IERC5192).interfaceId || super.supportsInterface(interfaceId);
    }

    /// @dev The one place where ownership is written: it lets a receipt appear and nothing else.
    function _update(address to, uint256 receiptId, address auth) internal override returns (address) {
        if (_ownerOf(receiptId) != address(0)) revert Soulbound(receiptId);
        return super._update(to, receiptId, auth);
    }
}
